import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage, movingSquare } from "../moments.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import { biasCorrection, f64, power, type Scalar } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, nonNegative, rateOrSchedule, type Requirement, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import type { AdamState } from "./adam.ts"
import { nadamStages } from "../explain/adaptive.ts"

/** The state of NAdam. */
export interface NadamState<P> extends AdamState<P> {
  /** The product of the momenta of all steps so far, 1 at first. */
  readonly product: Scalar
}

/** Options of NAdam. */
export interface NadamOptions extends DecayOptions {
  /** alpha, 2e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** Outside the root; 1e-8 unless given, 1e-7 in Keras. */
  readonly epsilon?: number
  /** psi, how fast the momentum warms up: 0.004 unless given (PyTorch), 1 in Keras; `false` is constant momentum (Optax). */
  readonly momentumDecay?: number | false
}

/** The rule of NAdam. */
export interface NadamRule extends Rule {
  readonly State: NadamState<this["P"]>
  readonly Options: Required<NadamOptions>
}

const decayOrFalse: Requirement = {
  mustBe: "a finite number, 0 or more, or false",
  holds: (x) => x === false || nonNegative.holds(x)
}

/** NAdam in words. */
export const nadamDocument = document({
  name: "nadam",
  summary: "Adam with Nesterov's look-ahead along the first moment.",
  equation:
    "theta' = theta - alpha (mu_{t+1} m' / (1 - q_{t+1}) + (1 - mu_t) g / (1 - q_t)) / (sqrt(v' / (1 - beta2^t)) + epsilon), mu_t = beta1 (1 - 0.96^(t psi) / 2), q_t = mu_1 ... mu_t",
  source: "Dozat 2016, Incorporating Nesterov Momentum into Adam",
  slots: {
    m: "the moving average of gradients",
    v: "the moving average of squared gradients",
    product: "the product of all momenta so far, one number"
  },
  conventions: { momentumDecay: "psi: 0.004 in PyTorch, 1 in Keras, constant momentum in Optax" },
  traits: { scaleInvariant: true }
})

/**
 * NAdam, Adam with Nesterov's look-ahead: with momenta `mu_t = beta1 (1 - 0.96^(t psi) / 2)` (or `beta1`), their product
 * `q_t = mu_1 ... mu_t`, and the moments of Adam,
 * `theta' = theta - alpha (mu_{t+1} m' / (1 - q_{t+1}) + (1 - mu_t) g / (1 - q_t)) / (sqrt(v' / (1 - beta2^t)) + epsilon)`.
 *
 * Source: Dozat 2016, Incorporating Nesterov Momentum into Adam. Conventions: `momentumDecay`; presets
 * `presets.torch.nadam` and so on. PyTorch means `torch.optim.NAdam` since 2.0; 1.13 could count the product twice.
 *
 * ```ts
 * const state = nadam({ momentumDecay: false }).init({ w: T.zeros([20, 1]) })      // NadamState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const nadam = (options: NadamOptions = {}): Optimizer<NadamRule> => {
  const complete: Required<NadamOptions> = {
    learningRate: 2e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    momentumDecay: 0.004,
    ...decayDefaults,
    ...options
  }
  const o = validate("nadam", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    epsilon: nonNegative,
    momentumDecay: decayOrFalse,
    ...decayRequirements
  })
  const { momentumDecay } = o
  const momentum = (t: Scalar): Scalar =>
    momentumDecay === false
      ? f64(o.beta1)
      : T.mul(T.sub(f64(1), T.mul(power(0.96, T.mul(t, momentumDecay)), 0.5)), o.beta1)
  const one = f64(1)
  return optimizer({
    name: "nadam",
    options: o,
    slots: ["m", "v"],
    optional: [],
    stages: nadamStages(o, momentum),
    running: { product: { initially: 1, next: (previous, { t }) => T.mul(previous, momentum(t)) } },
    scalars: ({ t, rate }, { product }) => {
      const next = momentum(T.add(t, 1))
      return {
        byGradient: T.neg(T.div(T.mul(rate, T.sub(one, momentum(t))), T.sub(one, product))),
        byMoment: T.neg(T.div(T.mul(rate, next), T.sub(one, T.mul(product, next)))),
        c2: biasCorrection(o.beta2, t),
        left: keptBy(rate, o)
      }
    },
    update: (leaf, { byGradient, byMoment, c2, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const m = movingAverage(leaf.m, g, o.beta1)
      const v = movingSquare(leaf.v, g, o.beta2)
      const divisor = ops.add(ops.sqrt(ops.div(v, c2)), o.epsilon)
      const change = ops.div(ops.add(ops.mul(g, byGradient), ops.mul(m, byMoment)), divisor)
      return { params: ops.add(decayed(leaf.params, left, o), change), m, v }
    }
  })
}
