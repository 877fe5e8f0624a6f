import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { nonNegative, oneOf, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { adagradStages } from "../explain/adaptive.ts"

/** The state of Adagrad. */
export interface AdagradState<P> extends Stepped<P> {
  /** The sum of squared gradients. */
  readonly sum: P
}

/** Options of Adagrad. */
export interface AdagradOptions extends DecayOptions {
  /** 0.01 unless given. */
  readonly learningRate?: number | Schedule
  /** lambda in `learningRate / (1 + lambda (t - 1))`: 0 unless given. PyTorch only. */
  readonly learningRateDecay?: number
  /** What the sum is at first: 0 unless given, 0.1 in Keras and Optax. */
  readonly initialSum?: number
  /** 1e-10 unless given; 1e-7 in Keras and Optax. */
  readonly epsilon?: number
  /** `"outside"` the root (PyTorch; the default) or `"inside"` it (Keras, Optax). */
  readonly epsilonMode?: "outside" | "inside"
}

/** The rule of Adagrad. */
export interface AdagradRule extends Rule {
  readonly State: AdagradState<this["P"]>
  readonly Options: Required<AdagradOptions>
}

/** Adagrad in words. */
export const adagradDocument = document({
  name: "adagrad",
  summary: "Gradients divided by the root of the sum of all their squares.",
  equation: "s' = s + g^2, theta' = theta - eta g / (sqrt(s') + epsilon)",
  source: "Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
  slots: { sum: "the sum of squared gradients" },
  conventions: {
    epsilonMode: "outside the root (PyTorch) or inside it (Keras, Optax)",
    initialSum: "0 in PyTorch, 0.1 in Keras and Optax",
    learningRateDecay: "PyTorch only"
  },
  traits: { scaleInvariant: true }
})

/**
 * Adagrad: `s' = s + g^2`, `theta' = theta - eta g / (sqrt(s') + epsilon)`: elements that were moved far move less.
 *
 * Source: Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods. Conventions: `epsilonMode`, `initialSum`; presets
 * `presets.torch.adagrad` and so on.
 *
 * ```ts
 * const state = adagrad({ learningRate: 0.1 }).init({ w: T.zeros([20, 1]) })       // AdagradState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adagrad = (options: AdagradOptions = {}): Optimizer<AdagradRule> => {
  const complete: Required<AdagradOptions> = {
    learningRate: 0.01,
    learningRateDecay: 0,
    initialSum: 0,
    epsilon: 1e-10,
    epsilonMode: "outside",
    ...decayDefaults,
    ...options
  }
  const o = validate("adagrad", complete, {
    learningRate: rateOrSchedule,
    learningRateDecay: nonNegative,
    initialSum: nonNegative,
    epsilon: nonNegative,
    epsilonMode: oneOf("outside", "inside"),
    ...decayRequirements
  })
  return optimizer({
    name: "adagrad",
    options: o,
    slots: ["sum"],
    optional: [],
    stages: adagradStages(o),
    initial: { sum: o.initialSum },
    scalars: ({ t, rate }) => ({
      descent: T.neg(o.learningRateDecay === 0 ? rate : T.div(rate, T.add(T.mul(T.sub(t, 1), o.learningRateDecay), 1))),
      left: keptBy(rate, o)
    }),
    update: (leaf, { descent, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const sum = ops.add(leaf.sum, ops.mul(g, g))
      const divisor = o.epsilonMode === "inside" ? ops.sqrt(ops.add(sum, o.epsilon)) : ops.add(ops.sqrt(sum), o.epsilon)
      return { params: ops.add(decayed(leaf.params, left, o), ops.div(ops.mul(g, descent), divisor)), sum }
    }
  })
}
