import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage, movingSquare } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { biasCorrection } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, nonNegative, oneOf, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"

/** The state of AdaBelief. */
export interface AdabeliefState<P> extends Stepped<P> {
  /** The moving average of gradients, zero at first. */
  readonly m: P
  /** The moving average of squared deviations of gradients from m, zero at first. */
  readonly s: P
}

/** Which moment a gradient's deviation is measured from: the one it is part of, or the one before. */
export type AdabeliefCentre = "new" | "previous"

/** Options of AdaBelief. */
export interface AdabeliefOptions extends DecayOptions {
  /** alpha, 1e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** Outside the root: 1e-16 unless given (the authors' code and Optax; 1e-8 in the paper). */
  readonly epsilon?: number
  /** Added to s at every step: 1e-16 unless given. */
  readonly epsilonRoot?: number
  /** `"new"` (the paper and its authors' code; the default) or `"previous"` (Optax). */
  readonly centre?: AdabeliefCentre
}

/** The rule of AdaBelief. */
export interface AdabeliefRule extends Rule {
  readonly State: AdabeliefState<this["P"]>
  readonly Options: Required<AdabeliefOptions>
}

/** AdaBelief in words. */
export const adabeliefDocument = document({
  name: "adabelief",
  summary: "Adam that divides by how far gradients are from their moving average, instead of from zero.",
  equation:
    "m' = beta1 m + (1 - beta1) g, s' = beta2 s + (1 - beta2) (g - m')^2 + epsilonRoot, theta' = theta - alpha m' / (1 - beta1^t) / (sqrt(s' / (1 - beta2^t)) + epsilon)",
  source:
    "Zhuang et al. 2020, AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients, algorithm 2",
  slots: { m: "the moving average of gradients", s: "the moving average of squared deviations from it" },
  conventions: {
    epsilon: "outside the root: 1e-16 in the authors' code and Optax, 1e-8 in the paper",
    centre: "deviations from the new m (the paper) or from the one before (Optax)",
    epsilonRoot: "added to s at every step, so that it sums up to epsilonRoot / (1 - beta2)",
    weightDecayMode: "an L2 term unless decoupled"
  },
  traits: { scaleInvariant: true }
})

/**
 * AdaBelief: `m' = beta1 m + (1 - beta1) g`, `s' = beta2 s + (1 - beta2) (g - m')^2 + epsilonRoot`,
 * `theta' = theta - alpha m' / (1 - beta1^t) / (sqrt(s' / (1 - beta2^t)) + epsilon)`: long steps where gradients agree with
 * their average, short ones where they do not.
 *
 * Source: Zhuang et al. 2020, AdaBelief Optimizer, algorithm 2. Conventions: `centre`, `epsilon`,
 * `epsilonRoot`; preset `presets.optax.adabelief`.
 *
 * ```ts
 * const state = adabelief().init({ w: T.zeros([20, 1]) })  // AdabeliefState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adabelief = (options: AdabeliefOptions = {}): Optimizer<AdabeliefRule> => {
  const complete: Required<AdabeliefOptions> = {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-16,
    epsilonRoot: 1e-16,
    centre: "new",
    ...decayDefaults,
    ...options
  }
  const o = validate("adabelief", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    epsilon: nonNegative,
    epsilonRoot: nonNegative,
    centre: oneOf("new", "previous"),
    ...decayRequirements
  })
  return optimizer({
    name: "adabelief",
    options: o,
    slots: ["m", "s"],
    optional: [],
    scalars: ({ t, rate }) => ({
      descent: T.neg(T.div(rate, biasCorrection(o.beta1, t))),
      c2: biasCorrection(o.beta2, t),
      left: keptBy(rate, o)
    }),
    update: (leaf, { descent, c2, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const m = movingAverage(leaf.m, g, o.beta1)
      const s = ops.add(movingSquare(leaf.s, ops.sub(g, o.centre === "new" ? m : leaf.m), o.beta2), o.epsilonRoot)
      const divisor = ops.add(ops.sqrt(ops.div(s, c2)), o.epsilon)
      return { params: ops.add(decayed(leaf.params, left, o), ops.div(ops.mul(m, descent), divisor)), m, s }
    }
  })
}
