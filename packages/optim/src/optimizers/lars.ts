import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { type MomentumOptions, push, type VelocityMode } from "../momentum.ts"
import { normOf } from "../norm.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { trustRatio, type TrustRatioMode } from "../trustRatio.ts"
import { flag, fraction, nonNegative, oneOf, positive, rateOrSchedule, validate } from "../validation.ts"
import type { MomentumState } from "./sgd.ts"

/** Options of LARS. */
export interface LarsOptions {
  readonly learningRate: number | Schedule
  /** 0.9 unless given. */
  readonly momentum?: number
  /** Whether to look ahead along the velocity: false unless given. */
  readonly nesterov?: boolean
  /** beta, 0 unless given: in the direction and in the norm that it is divided by. */
  readonly weightDecay?: number
  /** eta, 0.001 unless given: how far a tensor moves, as a part of its own norm, at a rate of 1. */
  readonly trustCoefficient?: number
  /** Added to the norm of the direction: 0 unless given. */
  readonly epsilon?: number
  /** `"layerwise"` unless given; with `"none"` LARS is sgd with momentum. */
  readonly trustRatio?: TrustRatioMode
  /** What the velocity sums up: `"steps"` (the paper; the default) or `"gradients"`. */
  readonly velocityMode?: VelocityMode
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of LARS. */
export interface LarsRule extends Rule {
  readonly State: MomentumState<this["P"]>
  readonly Options: Required<LarsOptions>
}

/** LARS in words. */
export const larsDocument = document({
  name: "lars",
  summary: "Momentum with a rate for each tensor that follows the tensor's own norm, for very large batches.",
  equation: "l = eta |theta| / (|g| + beta |theta|), u' = mu u - gamma l (g + beta theta), theta' = theta + u'",
  source: "You, Gitman and Ginsburg 2017, Large Batch Training of Convolutional Networks, algorithm 1",
  slots: { velocity: "the velocity" },
  conventions: {
    velocityMode: 'what the velocity sums up: "steps" in the paper',
    trustRatio: "1, without the trust coefficient, where the parameters or the gradient are zero"
  },
  traits: { scaleInvariant: true }
})

/**
 * LARS: with the local rate `l = eta |theta| / (|g| + beta |theta|)` of each tensor, `u' = mu u - gamma l (g + beta theta)`,
 * `theta' = theta + u'`; eta is the trust coefficient, gamma the learning rate, beta the weight decay. Where one of the
 * norms is 0 the local rate is 1.
 *
 * Source: You, Gitman and Ginsburg 2017, Large Batch Training of Convolutional Networks, equation 6 and algorithm 1.
 * Conventions: `velocityMode`.
 *
 * ```ts
 * const state = lars({ learningRate: 1, weightDecay: 1e-4 }).init({ w: T.ones([20, 1]) })     // MomentumState
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const lars = (options: LarsOptions): Optimizer<LarsRule> => {
  const complete: Required<LarsOptions> = {
    momentum: 0.9,
    nesterov: false,
    weightDecay: 0,
    trustCoefficient: 0.001,
    epsilon: 0,
    trustRatio: "layerwise",
    velocityMode: "steps",
    maximize: false,
    ...options
  }
  const o = validate(
    "lars",
    complete,
    {
      learningRate: rateOrSchedule,
      momentum: fraction,
      nesterov: flag,
      weightDecay: nonNegative,
      trustCoefficient: positive,
      epsilon: nonNegative,
      trustRatio: oneOf("layerwise", "none"),
      velocityMode: oneOf("gradients", "steps"),
      maximize: flag
    },
    [{ holds: (s) => !s.nesterov || s.momentum > 0, otherwise: "nesterov needs a momentum above 0" }]
  )
  const momentum: MomentumOptions = { momentum: o.momentum, nesterov: o.nesterov, velocityMode: o.velocityMode }
  return optimizer({
    name: "lars",
    options: o,
    slots: ["velocity"],
    optional: [],
    scalars: ({ rate }) => ({ descent: T.neg(rate) }),
    update: (leaf, { descent }) => {
      const g = o.maximize ? ops.neg(leaf.grad) : leaf.grad
      const direction = o.weightDecay === 0 ? g : ops.add(g, ops.mul(leaf.params, o.weightDecay))
      const local = () => {
        const [size, slope] = [normOf(leaf.params), normOf(g)]
        const zero = ops.full([], 0, g.dtype)
        const known = ops.and(ops.lt(zero, size), ops.lt(zero, slope))
        const whole = ops.add(ops.add(slope, ops.mul(size, o.weightDecay)), o.epsilon)
        return ops.select(known, ops.mul(trustRatio(size, whole), o.trustCoefficient), 1)
      }
      const scaled = o.trustRatio === "none" ? direction : ops.mul(direction, local())
      const { change, velocity } = push(scaled, leaf.velocity, momentum, { descent })
      return { params: ops.add(leaf.params, change), velocity }
    }
  })
}
