import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage, movingSquare } from "../moments.ts"
import { normOf } from "../norm.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import { biasCorrection } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { trustRatio, type TrustRatioMode } from "../trustRatio.ts"
import { decayFactor, flag, nonNegative, oneOf, rateOrSchedule, validate } from "../validation.ts"
import type { AdamState } from "./adam.ts"

/** Options of LAMB. */
export interface LambOptions {
  /** eta, 1e-3 unless given: how far a tensor moves, as a part of its own norm. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** Outside the root: 1e-6 unless given (the paper's code and Optax; 1e-7 in Keras). */
  readonly epsilon?: number
  /** lambda, 0 unless given: a part of the direction, whose length is then set. */
  readonly weightDecay?: number
  /** `"layerwise"` unless given; with `"none"` LAMB is AdamW. */
  readonly trustRatio?: TrustRatioMode
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of LAMB. */
export interface LambRule extends Rule {
  readonly State: AdamState<this["P"]>
  readonly Options: Required<LambOptions>
}

/** LAMB in words. */
export const lambDocument = document({
  name: "lamb",
  summary: "Adam whose step has, in each tensor, a length that is a part of the tensor's own, for very large batches.",
  equation:
    "r = m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon) + lambda theta, theta' = theta - eta |theta| / |r| r",
  source: "You et al. 2020, Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, algorithm 2",
  slots: { m: "the moving average of gradients", v: "the moving average of squared gradients" },
  conventions: {
    epsilon: "1e-6 in Optax, 1e-7 in Keras",
    trustRatio: "1 where the parameters or the direction are zero; the paper's phi is the identity"
  },
  traits: { scaleInvariant: true }
})

/**
 * LAMB: with `r = m^ / (sqrt(v^) + epsilon) + lambda theta`, Adam's direction and the decay,
 * `theta' = theta - eta |theta| / |r| r`, the norms those of each tensor; the ratio is 1 where one of them is 0.
 *
 * Source: You et al. 2020, Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, algorithm 2, with the
 * identity for its phi. Conventions: `epsilon`, `trustRatio`.
 *
 * ```ts
 * const state = lamb({ weightDecay: 0.01 }).init({ w: T.ones([20, 1]) })      // AdamState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const lamb = (options: LambOptions = {}): Optimizer<LambRule> => {
  const complete: Required<LambOptions> = {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-6,
    weightDecay: 0,
    trustRatio: "layerwise",
    maximize: false,
    ...options
  }
  const o = validate("lamb", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    epsilon: nonNegative,
    weightDecay: nonNegative,
    trustRatio: oneOf("layerwise", "none"),
    maximize: flag
  })
  return optimizer({
    name: "lamb",
    options: o,
    slots: ["m", "v"],
    optional: [],
    scalars: ({ t, rate }) => ({
      descent: T.neg(rate),
      c1: biasCorrection(o.beta1, t),
      c2: biasCorrection(o.beta2, t)
    }),
    update: (leaf, { descent, c1, c2 }) => {
      const g = o.maximize ? ops.neg(leaf.grad) : leaf.grad
      const m = movingAverage(leaf.m, g, o.beta1)
      const v = movingSquare(leaf.v, g, o.beta2)
      const adaptive = ops.div(ops.div(m, c1), ops.add(ops.sqrt(ops.div(v, c2)), o.epsilon))
      const r = o.weightDecay === 0 ? adaptive : ops.add(adaptive, ops.mul(leaf.params, o.weightDecay))
      const size = o.trustRatio === "none" ? descent : ops.mul(trustRatio(normOf(leaf.params), normOf(r)), descent)
      return { params: ops.add(leaf.params, ops.mul(r, size)), m, v }
    }
  })
}
