import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { biasCorrection } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, nonNegative, oneOf, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { adamaxStages } from "../explain/adaptive.ts"

/** The state of Adamax. */
export interface AdamaxState<P> extends Stepped<P> {
  /** The moving average of gradients, zero at first. */
  readonly m: P
  /** The decaying maximum of absolute gradients, zero at first. */
  readonly u: P
}

/** Options of Adamax. */
export interface AdamaxOptions extends DecayOptions {
  /** alpha, 2e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** 1e-8 unless given; 1e-7 in Keras. */
  readonly epsilon?: number
  /** Epsilon is added to |g| `"inside"` the maximum (PyTorch, Optax; the default), or to u `"outside"` it (Keras). */
  readonly epsilonMode?: "inside" | "outside"
}

/** The rule of Adamax. */
export interface AdamaxRule extends Rule {
  readonly State: AdamaxState<this["P"]>
  readonly Options: Required<AdamaxOptions>
}

/** Adamax in words. */
export const adamaxDocument = document({
  name: "adamax",
  summary: "Adam with a decaying maximum of absolute gradients in place of the root of the second moment.",
  equation:
    "m' = beta1 m + (1 - beta1) g, u' = max(beta2 u, |g| + epsilon), theta' = theta - alpha / (1 - beta1^t) m' / u'",
  source: "Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 2",
  slots: { m: "the moving average of gradients", u: "the decaying maximum of absolute gradients" },
  conventions: { epsilonMode: "inside the maximum (PyTorch, Optax) or outside it (Keras); the paper has none" },
  traits: { scaleInvariant: true }
})

/**
 * Adamax, Adam with the maximum norm: `m' = beta1 m + (1 - beta1) g`, `u' = max(beta2 u, |g| + epsilon)`,
 * `theta' = theta - alpha / (1 - beta1^t) m' / u'`.
 *
 * Source: Kingma and Ba 2015, algorithm 2, which has no epsilon. Conventions: `epsilonMode`; presets `presets.torch.adamax`
 * and so on.
 *
 * ```ts
 * const state = adamax().init({ w: T.zeros([20, 1]) })     // AdamaxState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adamax = (options: AdamaxOptions = {}): Optimizer<AdamaxRule> => {
  const complete: Required<AdamaxOptions> = {
    learningRate: 2e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    epsilonMode: "inside",
    ...decayDefaults,
    ...options
  }
  const o = validate("adamax", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    epsilon: nonNegative,
    epsilonMode: oneOf("inside", "outside"),
    ...decayRequirements
  })
  const inside = o.epsilonMode === "inside"
  return optimizer({
    name: "adamax",
    options: o,
    slots: ["m", "u"],
    optional: [],
    stages: adamaxStages(o),
    scalars: ({ t, rate }) => ({ descent: T.neg(T.div(rate, biasCorrection(o.beta1, t))), left: keptBy(rate, o) }),
    update: (leaf, { descent, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const m = movingAverage(leaf.m, g, o.beta1)
      const size = ops.abs(g)
      const u = ops.max(ops.mul(leaf.u, o.beta2), inside ? ops.add(size, o.epsilon) : size)
      const divisor = inside ? u : ops.add(u, o.epsilon)
      return { params: ops.add(decayed(leaf.params, left, o), ops.div(ops.mul(m, descent), divisor)), m, u }
    }
  })
}
