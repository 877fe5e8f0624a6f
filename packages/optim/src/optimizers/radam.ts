import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import {
  corrections,
  denominator,
  type EpsilonMode,
  momentRequirements,
  movingAverage,
  movingSquare,
  rootRelation
} from "../moments.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import { f64, power, type Scalar } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { nonNegative, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import type { AdamState } from "./adam.ts"
import { radamStages } from "../explain/adaptive.ts"

/** Options of RAdam. */
export interface RadamOptions extends DecayOptions {
  /** alpha, 1e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** 1e-8 unless given. */
  readonly epsilon?: number
  /** Where epsilon stands: `"hat"` (PyTorch; the default), `"outside"` (Optax) or `"inside"`. */
  readonly epsilonMode?: EpsilonMode
  /** A second epsilon inside the root in mode `"outside"`, 0 unless given. */
  readonly epsilonRoot?: number
  /** The length of the moving average above which the step is adaptive: 5 unless given. */
  readonly threshold?: number
}

/** The rule of RAdam. */
export interface RadamRule extends Rule {
  readonly State: AdamState<this["P"]>
  readonly Options: Required<RadamOptions>
}

/** RAdam in words. */
export const radamDocument = document({
  name: "radam",
  summary: "Adam that is momentum until its second moment rests on enough gradients, and rectified after.",
  equation:
    "theta' = theta - alpha r_t m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon) where rho_t > threshold, else theta - alpha m' / (1 - beta1^t)",
  source: "Liu et al. 2020, On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2",
  slots: { m: "the moving average of gradients", v: "the moving average of squared gradients" },
  conventions: { threshold: "5 in PyTorch and Optax, 4 in the paper", epsilonMode: "hat (PyTorch) or outside (Optax)" }
})

/**
 * RAdam, Adam with a rectified variance: while the second moment rests on too few gradients, the step is that of momentum,
 * `theta' = theta - alpha m'/(1 - beta1^t)`; later that of Adam times
 * `r_t = sqrt((rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t))`, with `rho = 2 / (1 - beta2) - 1` and
 * `rho_t = rho - 2 t beta2^t / (1 - beta2^t)`, from `rho_t > threshold` on.
 *
 * Source: Liu et al. 2020, On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2, whose threshold is 4.
 * Conventions: `epsilonMode`; presets `presets.torch.radam` and so on.
 *
 * ```ts
 * const state = radam().init({ w: T.zeros([20, 1]) })      // AdamState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const radam = (options: RadamOptions = {}): Optimizer<RadamRule> => {
  const complete: Required<RadamOptions> = {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    epsilonMode: "hat",
    epsilonRoot: 0,
    threshold: 5,
    ...decayDefaults,
    ...options
  }
  const o = validate(
    "radam",
    complete,
    { learningRate: rateOrSchedule, ...momentRequirements, threshold: nonNegative, ...decayRequirements },
    [
      rootRelation,
      {
        holds: ({ threshold }) => threshold >= 4,
        otherwise: "threshold must be 4 or more: the rectification is a root of rho_t - 4"
      }
    ]
  )
  const rho = 2 / (1 - o.beta2) - 1
  return optimizer({
    name: "radam",
    options: o,
    slots: ["m", "v"],
    optional: [],
    stages: radamStages(o),
    scalars: ({ t, rate }) => {
      const { c1, c2, rootC2 } = corrections(t, o)
      const length: Scalar = T.sub(f64(rho), T.div(T.mul(T.mul(t, 2), power(o.beta2, t)), c2))
      const adaptive = T.greater(length, o.threshold)
      const excess: Scalar = T.where(
        adaptive,
        T.div(T.mul(T.mul(T.sub(length, 4), T.sub(length, 2)), rho / ((rho - 4) * (rho - 2))), length),
        1
      )
      const size: Scalar = T.div(T.mul(rate, T.sqrt(excess)), c1)
      const full: Scalar = o.epsilonMode === "hat" ? T.where(adaptive, T.mul(size, rootC2), size) : size
      return { descent: T.neg(full), adaptive: T.cast(adaptive, "f64"), c2, rootC2, left: keptBy(rate, o) }
    },
    update: (leaf, { descent, adaptive, c2, rootC2, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const m = movingAverage(leaf.m, g, o.beta1)
      const v = movingSquare(leaf.v, g, o.beta2)
      const divisor = ops.select(
        ops.lt(ops.full([], 0, adaptive.dtype), adaptive),
        denominator(v, false, { c2, rootC2 }, o),
        1
      )
      return { params: ops.add(decayed(leaf.params, left, o), ops.div(ops.mul(m, descent), divisor)), m, v }
    }
  })
}
