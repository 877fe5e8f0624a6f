/** Schedules of whole runs: warm-up, what follows, and how it ends. */
import { T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { count, nonNegative, oneOf, positive, validate, validateEach, wholeFromZero } from "../validation.ts"
import { join, warmup } from "./combine.ts"
import { between, cosineWeight, line } from "./curve.ts"
import { cosine } from "./decay.ts"
import { describe, type Schedule } from "./schedule.ts"

/** Options of a schedule with an inverse square root. */
export interface InverseSquareRootOptions {
  /** The largest rate, that of step `steps - 1`. */
  readonly peak: number
  /** How many steps the warm-up takes. */
  readonly steps: number
}

/**
 * A warm-up, then the inverse square root of the step: `eta(k) = peak min((k + 1) / n, sqrt(n / (k + 1)))`.
 *
 * Source: Vaswani et al. 2017, Attention Is All You Need, equation 3, which is `peak: (d_model n)^-0.5`.
 */
export const inverseSquareRoot = (options: InverseSquareRootOptions): Schedule => {
  const o = validate("inverseSquareRoot", options, { peak: positive, steps: count })
  return describe("inverseSquareRoot", o, (k) => {
    const t = T.add(k, 1)
    return T.mul(T.minimum(T.div(t, o.steps), T.sqrt(T.div(f64(o.steps), t))), o.peak)
  })
}

/** Options of warm-up, stable rate, decay. */
export interface WarmupStableDecayOptions {
  readonly peak: number
  /** Steps of the way up. */
  readonly warmup: number
  /** Steps at the peak. */
  readonly stable: number
  /** Steps of the way down. */
  readonly decay: number
  /** The rate of the first step, 0 unless given. */
  readonly from?: number
  /** The rate at the end, 0 unless given. */
  readonly to?: number
  /** The curve of the way down: `"linear"` unless given; `"root"` is `1 - sqrt(part)`. */
  readonly curve?: "linear" | "cosine" | "root"
}

/**
 * Up in a straight line for `warmup` steps, `peak` for `stable` steps, down to `to` in `decay` steps, and `to` from then on.
 *
 * Source: Hu et al. 2024, MiniCPM, section 4.2; `"root"`: Hagele et al. 2024, Scaling Laws and Compute-Optimal Training
 * Beyond Fixed Training Durations, equation 2.
 */
export const warmupStableDecay = (options: WarmupStableDecayOptions): Schedule => {
  const complete = { from: 0, to: 0, curve: "linear" as const, ...options }
  const o = validate("warmupStableDecay", complete, {
    peak: positive,
    warmup: count,
    stable: wholeFromZero,
    decay: count,
    from: nonNegative,
    to: nonNegative,
    curve: oneOf("linear", "cosine", "root")
  })
  const weights: { readonly [C in typeof o.curve]: (part: Scalar) => Scalar } = {
    linear: (part) => T.sub(f64(1), part),
    cosine: cosineWeight,
    root: (part) => T.sub(f64(1), T.sqrt(part))
  }
  const turn = o.warmup + o.stable
  return describe("warmupStableDecay", o, (k) => {
    const up = line(o.from, o.peak, T.div(T.minimum(k, o.warmup), o.warmup))
    const part = T.div(T.minimum(T.maximum(T.sub(k, turn), 0), o.decay), o.decay)
    return T.where(T.less(k, turn), up, between(o.peak, o.to, weights[o.curve](part)))
  })
}

/** One cycle of `sgdr`. */
export interface SgdrCycle {
  /** The rate of the first step, 0 unless given. */
  readonly from?: number
  readonly peak: number
  /** The lowest rate, 0 unless given. */
  readonly to?: number
  /** Steps of the way up, 0 unless given. */
  readonly warmup?: number
  /** Steps of the whole cycle. */
  readonly steps: number
}

/**
 * Cycles one after another, each a straight way up and half a cosine down; the last one's lowest rate holds at the end.
 *
 * Source: Loshchilov and Hutter 2017, SGDR. Optax: `sgdr_schedule` of `warmup_cosine_decay_schedule`s.
 *
 * ```ts
 * const rate = Schedule.sgdr([{ peak: 0.1, warmup: 5, steps: 50 }, { peak: 0.05, warmup: 5, steps: 100 }])
 * ```
 *
 * Throws an OptimizerError that lists every wrong option of every cycle.
 */
export const sgdr = (cycles: ReadonlyArray<SgdrCycle>): Schedule => {
  // A program without types may give anything: then there is no cycle.
  const given: ReadonlyArray<SgdrCycle> = Array.isArray(cycles) ? cycles : []
  const complete = validateEach(
    "sgdr",
    "cycle",
    given.map((cycle) => ({ from: 0, to: 0, warmup: 0, ...cycle })),
    { from: nonNegative, peak: positive, to: nonNegative, warmup: wholeFromZero, steps: count },
    [{ holds: (c) => c.warmup < c.steps, otherwise: "warmup must be shorter than the cycle" }]
  )
  const parts = complete.map(({ from, peak, to, warmup: up, steps }) => {
    const down = cosine({ from: peak, to, steps: steps - up })
    return up === 0 ? down : warmup(down, { from, steps: up })
  })
  const ends = complete.map((_, i) => complete.slice(0, i + 1).reduce((sum, { steps }) => sum + steps, 0))
  return describe("sgdr", { cycles: complete }, join(parts, ends.slice(0, -1)))
}
