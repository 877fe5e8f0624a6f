import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { biasCorrection, type Scalar } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, flag, nonNegative, number, orAbsent, positive, rateOrSchedule, validate } from "../validation.ts"
import { decayed, descended, keptBy } from "../weightDecay.ts"

/** The state of Prodigy. */
export interface ProdigyState<P> extends Stepped<P> {
  /** The moving average of `d g`, zero at first. */
  readonly m: P
  /** The moving average of `d^2 g^2`, zero at first. */
  readonly v: P
  /** The weighted sum of gradients, zero at first. */
  readonly s: P
  /** The parameters at first. */
  readonly start: P
  /** The weighted sum of `g . (start - theta)`, 0 at first. */
  readonly r: Scalar
  /** The estimate of the distance from the start to the solution: what the learning rate is multiplied by. */
  readonly distance: Scalar
}

/** Options of Prodigy. */
export interface ProdigyOptions {
  /** gamma, 1 unless given: the distance is estimated, so a schedule that begins at 1 is all that is set. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** Outside the root, multiplied by the distance: 1e-8 unless given. */
  readonly epsilon?: number
  /** d_0, what the distance is at first: 1e-6 unless given. */
  readonly initialDistance?: number
  /** By what factor the distance may grow in one step: any unless given; 1 keeps it. */
  readonly growth?: number | undefined
  /** Whether the rate is multiplied by Adam's `sqrt(1 - beta2^t) / (1 - beta1^t)`: false unless given. */
  readonly biasCorrection?: boolean
  /** Decoupled; 0 unless given. */
  readonly weightDecay?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The options of a Prodigy, defaults filled in. */
export type ProdigySettings = Required<Omit<ProdigyOptions, "growth">> & { readonly growth: number | undefined }

/** The rule of Prodigy. */
export interface ProdigyRule extends Rule {
  readonly State: ProdigyState<this["P"]>
  readonly Options: ProdigySettings
}

/** Prodigy in words. */
export const prodigyDocument = document({
  name: "prodigy",
  summary: "Adam that estimates the distance to the solution as it goes, and takes it for its learning rate.",
  equation:
    "m' = beta1 m + (1 - beta1) d g, v' = beta2 v + (1 - beta2) d^2 g^2, r' = q r + (1 - q) gamma d^2 g . (theta_0 - theta), s' = q s + (1 - q) gamma d^2 g, q = sqrt(beta2), d' = max(d, r' / |s'|_1), theta' = theta - gamma d m' / (sqrt(v') + d epsilon)",
  source: "Mishchenko and Defazio 2023, Prodigy: An Expeditiously Adaptive Parameter-Free Learner, algorithm 4",
  slots: {
    m: "the moving average of gradients times the distance",
    v: "the moving average of their squares",
    s: "the weighted sum of gradients",
    start: "the parameters at first",
    r: "the weighted sum of g . (theta_0 - theta), one number",
    distance: "the estimate of the distance to the solution, one number"
  },
  conventions: {
    biasCorrection: "off in the paper's algorithm and by default in its code",
    growth: "unlimited in the paper; growth_rate in its code"
  },
  traits: { scaleInvariant: true }
})

/**
 * Prodigy: Adam on gradients times an estimate d of the distance from the start to the solution,
 * `theta' = theta - gamma d m' / (sqrt(v') + d epsilon)`, and `d' = max(d, r' / |s'|_1)` with
 * `r' = q r + (1 - q) gamma d^2 g . (theta_0 - theta)`, `s' = q s + (1 - q) gamma d^2 g`, `q = sqrt(beta2)`, the products and
 * norms those of all tensors together.
 *
 * Source: Mishchenko and Defazio 2023, Prodigy: An Expeditiously Adaptive Parameter-Free Learner, algorithm 4.
 * Conventions: `biasCorrection`, `growth`.
 *
 * ```ts
 * const state = prodigy().init({ w: T.zeros([20, 1]) })    // ProdigyState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const prodigy = (options: ProdigyOptions = {}): Optimizer<ProdigyRule> => {
  const complete: ProdigySettings = {
    learningRate: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    initialDistance: 1e-6,
    growth: undefined,
    biasCorrection: false,
    weightDecay: 0,
    maximize: false,
    ...options
  }
  const o = validate("prodigy", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    epsilon: nonNegative,
    initialDistance: positive,
    growth: orAbsent(number("a finite number, 1 or more", (x) => x >= 1)),
    biasCorrection: flag,
    weightDecay: nonNegative,
    maximize: flag
  })
  const decay = { ...o, weightDecayMode: "decoupled" } as const
  const q = Math.sqrt(o.beta2)
  /** gamma_t, the rate with Adam's bias corrections or without. */
  const rateAt = (t: Scalar, rate: Scalar): Scalar =>
    o.biasCorrection ? T.div(T.mul(rate, T.sqrt(biasCorrection(o.beta2, t))), biasCorrection(o.beta1, t)) : rate
  return optimizer({
    name: "prodigy",
    options: o,
    slots: ["m", "v", "s", "start"],
    optional: [],
    initial: { start: "params" },
    gathered: {
      initially: { r: 0, distance: o.initialDistance },
      sums: (before, after) => ({
        advance: ops.mul(descended(before.grad, before.params, decay), ops.sub(before.start, before.params)),
        gradients: ops.abs(after.s)
      }),
      next: ({ r, distance }, { advance, gradients }, { t, rate }) => {
        const weight = T.mul(T.mul(rateAt(t, rate), T.mul(distance, distance)), 1 - q)
        const next = T.add(T.mul(r, q), T.mul(advance, weight))
        const known = T.greater(gradients, 0)
        const estimate: Scalar = T.where(known, T.div(next, T.where(known, gradients, 1)), 0)
        const allowed = o.growth === undefined ? estimate : T.minimum(estimate, T.mul(distance, o.growth))
        return { r: next, distance: T.maximum(distance, allowed) }
      }
    },
    scalars: ({ t, rate }, { distance }) => {
      const gamma = rateAt(t, rate)
      const square = T.mul(distance, distance)
      return {
        distance,
        descent: T.neg(T.mul(gamma, distance)),
        fresh: T.mul(square, 1 - o.beta2),
        weight: T.mul(T.mul(gamma, square), 1 - q),
        least: T.mul(distance, o.epsilon),
        left: keptBy(T.mul(gamma, distance), decay)
      }
    },
    update: (leaf, { distance, descent, fresh, weight, least, left }) => {
      const g = descended(leaf.grad, leaf.params, decay)
      const m = movingAverage(leaf.m, ops.mul(g, distance), o.beta1)
      const v = ops.add(ops.mul(leaf.v, o.beta2), ops.mul(ops.mul(g, g), fresh))
      const s = ops.add(ops.mul(leaf.s, q), ops.mul(g, weight))
      const change = ops.div(ops.mul(m, descent), ops.add(ops.sqrt(v), least))
      return { params: ops.add(decayed(leaf.params, left, decay), change), m, v, s, start: leaf.start }
    }
  })
}
