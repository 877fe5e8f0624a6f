import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingSquare } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { biasCorrection, f64, type Scalar } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, flag, nonNegative, number, rateOrSchedule, validate } from "../validation.ts"
import { descended, keptBy } from "../weightDecay.ts"

/**
 * The state of schedule-free AdamW. `params` is y, where gradients are taken; `evalParams` gives the average x, which y
 * lies between z and.
 */
export interface ScheduleFreeState<P> extends Stepped<P> {
  /** Where AdamW itself is: the parameters at first. */
  readonly z: P
  /** The second moment, zero at first. */
  readonly v: P
  /** The sum of squared rates, 0 at first. */
  readonly weight: Scalar
}

/** Options of schedule-free AdamW. */
export interface ScheduleFreeOptions {
  /** gamma, 0.0025 unless given; a schedule only to warm up. */
  readonly learningRate?: number | Schedule
  /** How near y is to the average x: 0.9 unless given; above 0. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** Outside the root: 1e-8 unless given. */
  readonly epsilon?: number
  /** lambda, 0 unless given. */
  readonly weightDecay?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of schedule-free AdamW. */
export interface ScheduleFreeRule extends Rule {
  readonly State: ScheduleFreeState<this["P"]>
  readonly Options: Required<ScheduleFreeOptions>
}

/** Schedule-free AdamW in words. */
export const scheduleFreeDocument = document({
  name: "scheduleFree",
  summary: "AdamW whose average is evaluated and looked back from, so that the rate need not fall and no end is known.",
  equation:
    "z' = z - gamma_t (g(y) / (sqrt(v' / (1 - beta2^t)) + epsilon) + lambda y), c = gamma_t^2 / (gamma_1^2 + ... + gamma_t^2), x' = (1 - c) x + c z', y' = (1 - beta1) z' + beta1 x'",
  source: "Defazio et al. 2024, The Road Less Scheduled, algorithm 1",
  slots: {
    z: "where AdamW itself is",
    v: "the moving average of squared gradients",
    weight: "the sum of squared rates, one number"
  },
  conventions: {
    beta1: "the interpolation between z and x; it is no moving average of gradients",
    learningRate: "a schedule only to warm up; the paper's bias correction of v is in the denominator, as in its code"
  },
  traits: { scaleInvariant: true }
})

/**
 * Schedule-free AdamW: gradients are taken at `y = (1 - beta1) z + beta1 x`, which is `state.params`;
 * `z' = z - gamma_t (g / (sqrt(v' / (1 - beta2^t)) + epsilon) + lambda y)`, `x' = (1 - c) x + c z'` with
 * `c = gamma_t^2 / (gamma_1^2 + ... + gamma_t^2)`. Models are evaluated at x, which `evalParams` computes from y and z:
 * as much memory as Adam.
 *
 * Source: Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky 2024, The Road Less Scheduled, algorithm 1.
 *
 * ```ts
 * const optimizer = scheduleFree({ learningRate: 0.0025 })
 * const step = (s: ScheduleFreeState<Params>, x: X, y: Y) => optimizer.step(s, grad(loss)(s.params, x, y))
 * const trained = (s: ScheduleFreeState<Params>) => optimizer.evalParams(s)
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const scheduleFree = (options: ScheduleFreeOptions = {}): Optimizer<ScheduleFreeRule> => {
  const complete: Required<ScheduleFreeOptions> = {
    learningRate: 0.0025,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    maximize: false,
    ...options
  }
  const o = validate("scheduleFree", complete, {
    learningRate: rateOrSchedule,
    beta1: number("above 0 and at most 1", (x) => x > 0 && x <= 1),
    beta2: decayFactor,
    epsilon: nonNegative,
    weightDecay: nonNegative,
    maximize: flag
  })
  const decay = { ...o, weightDecayMode: "decoupled" } as const
  return optimizer({
    name: "scheduleFree",
    options: o,
    slots: ["z", "v"],
    optional: [],
    initial: { z: "params" },
    running: { weight: { initially: 0, next: (previous, { rate }) => T.add(previous, T.mul(rate, rate)) } },
    scalars: ({ t, rate }, { weight }) => {
      // A warm-up may begin at a rate of 0: then nothing has moved, and any average will do.
      const known = T.greater(weight, 0)
      const share: Scalar = T.where(known, T.div(T.mul(rate, rate), T.where(known, weight, 1)), 1)
      return {
        descent: T.neg(rate),
        c2: biasCorrection(o.beta2, t),
        share,
        past: T.sub(f64(1), share),
        decaying: T.sub(keptBy(rate, decay), 1)
      }
    },
    update: (leaf, { descent, c2, share, past, decaying }) => {
      const g = descended(leaf.grad, leaf.params, decay)
      const v = movingSquare(leaf.v, g, o.beta2)
      const direction = ops.div(g, ops.add(ops.sqrt(ops.div(v, c2)), o.epsilon))
      const shrunk = o.weightDecay === 0 ? leaf.z : ops.add(leaf.z, ops.mul(leaf.params, decaying))
      const z = ops.add(shrunk, ops.mul(direction, descent))
      const x = ops.add(ops.mul(averageOf(leaf.params, leaf.z, o.beta1), past), ops.mul(z, share))
      return { params: ops.add(ops.mul(z, 1 - o.beta1), ops.mul(x, o.beta1)), z, v }
    },
    evaluated: ({ params, z }) => averageOf(params, z, o.beta1)
  })
}

/** The average x, of which y is `(1 - beta1) z + beta1 x`: y itself where they agree. */
const averageOf = (y: AnyTensor, z: AnyTensor, beta1: number): AnyTensor =>
  ops.add(y, ops.mul(ops.sub(y, z), (1 - beta1) / beta1))
