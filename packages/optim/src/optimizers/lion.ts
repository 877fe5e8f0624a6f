import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, flag, nonNegative, rateOrSchedule, validate } from "../validation.ts"
import { decayed, descended, keptBy } from "../weightDecay.ts"

/** The state of Lion. */
export interface LionState<P> extends Stepped<P> {
  /** The moving average of gradients, zero at first. */
  readonly m: P
}

/** Options of Lion. */
export interface LionOptions {
  /** 1e-4 unless given: three to ten times smaller than for Adam. */
  readonly learningRate?: number | Schedule
  /** How much of m stands in the direction: 0.9 unless given. */
  readonly beta1?: number
  /** How much of m is kept: 0.99 unless given. */
  readonly beta2?: number
  /** Decoupled; 0 unless given. */
  readonly weightDecay?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of Lion. */
export interface LionRule extends Rule {
  readonly State: LionState<this["P"]>
  readonly Options: Required<LionOptions>
}

/** Lion in words. */
export const lionDocument = document({
  name: "lion",
  summary: "The sign of a momentum: every element moves by the learning rate, and one moment is remembered.",
  equation: "theta' = (1 - eta lambda) theta - eta sign(beta1 m + (1 - beta1) g), m' = beta2 m + (1 - beta2) g",
  source: "Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, algorithm 2",
  slots: { m: "the moving average of gradients" },
  conventions: { weightDecay: "decoupled, multiplied by the learning rate; 0 in Keras, 1e-3 in Optax" },
  traits: { scaleInvariant: true }
})

/**
 * Lion: `theta' = (1 - eta lambda) theta - eta sign(beta1 m + (1 - beta1) g)`, `m' = beta2 m + (1 - beta2) g`. All steps
 * have one size, so the rate should be smaller, and the decay larger, than for Adam.
 *
 * Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, algorithm 2.
 *
 * ```ts
 * const state = lion({ weightDecay: 0.1 }).init({ w: T.zeros([20, 1]) })      // LionState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const lion = (options: LionOptions = {}): Optimizer<LionRule> => {
  const complete: Required<LionOptions> = {
    learningRate: 1e-4,
    beta1: 0.9,
    beta2: 0.99,
    weightDecay: 0,
    maximize: false,
    ...options
  }
  const o = validate("lion", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    weightDecay: nonNegative,
    maximize: flag
  })
  const decay = { ...o, weightDecayMode: "decoupled" } as const
  return optimizer({
    name: "lion",
    options: o,
    slots: ["m"],
    optional: [],
    scalars: ({ rate }) => ({ descent: T.neg(rate), left: keptBy(rate, decay) }),
    update: (leaf, { descent, left }) => {
      const g = descended(leaf.grad, leaf.params, decay)
      const direction = ops.sign(movingAverage(leaf.m, g, o.beta1))
      return {
        params: ops.add(decayed(leaf.params, left, decay), ops.mul(direction, descent)),
        m: movingAverage(leaf.m, g, o.beta2)
      }
    }
  })
}
