/** Schedules made of schedules. */
import { T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { count, listOf, milestones, nonNegative, type Requirement, validate, wholeFromZero } from "../validation.ts"
import { describe, rateAt, type Schedule } from "./schedule.ts"

const schedules = listOf(
  "a list of one or more schedules",
  (values) => values.length > 0 && values.every((s) => typeof s === "function")
)

/**
 * One schedule after another: from step `boundaries[i]` on, `schedules[i + 1]` rules, and counts its steps from there.
 *
 * PyTorch: `SequentialLR(o, schedules, milestones)`; Optax: `join_schedules(schedules, boundaries)`.
 *
 * ```ts
 * join([linear({ from: 0, to: 1e-3, steps: 100 }), cosine({ from: 1e-3, steps: 900 })], [100])
 * ```
 */
export const join = (parts: ReadonlyArray<Schedule>, boundaries: ReadonlyArray<number>): Schedule => {
  const o = validate("join", { schedules: parts, boundaries }, { schedules, boundaries: milestones }, [
    {
      holds: (options) => options.boundaries.length === options.schedules.length - 1,
      otherwise: (o) =>
        `${o.schedules.length} schedules meet at ${o.schedules.length - 1} boundaries, there are ${o.boundaries.length}`
    }
  ])
  return describe("join", o, (k) =>
    o.schedules.slice(1).reduce(
      (rate: Scalar, next, i): Scalar => {
        const start = o.boundaries[i] ?? 0
        // Before its start a later schedule is asked for its first rate, so that no curve is ever evaluated off its domain.
        return T.where(T.greaterEqual(k, start), rateAt(next, T.maximum(T.sub(k, start), 0)), rate)
      },
      rateAt(o.schedules[0] ?? parts[0] ?? (() => f64(0)), k)
    )
  )
}

/**
 * The product of schedules at every step: a base rate times factors. PyTorch: `ChainedScheduler` of schedulers that
 * multiply.
 */
export const product = (factors: ReadonlyArray<Schedule>): Schedule => {
  const o = validate("product", { factors }, { factors: schedules })
  return describe("product", o, (k) =>
    o.factors.map((factor) => rateAt(factor, k)).reduce((a, b): Scalar => T.mul(a, b))
  )
}

/** Options of a warm-up. */
export interface WarmupOptions {
  /** How many steps the way up takes. */
  readonly steps: number
  /** The rate of the first step, 0 unless given. */
  readonly from?: number
}

/**
 * A straight line from `from` up to the first rate of `schedule`, then `schedule`, counted from there:
 * `warmup(cosine({ from: 1e-3, steps: 900 }), { steps: 100 })`.
 *
 * Source: Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2 (gradual warm-up).
 */
export const warmup = (schedule: Schedule, options: WarmupOptions): Schedule => {
  const o = validate("warmup", { from: 0, ...options }, { steps: count, from: nonNegative })
  const rising = (k: Scalar): Scalar => {
    const weight = T.div(T.minimum(k, o.steps), o.steps)
    return T.add(T.mul(weight, T.sub(rateAt(schedule, f64(0)), o.from)), o.from)
  }
  const joined = join([rising, schedule], [o.steps])
  return describe("warmup", { ...o, into: schedule }, joined)
}

/**
 * The first value of a schedule for `steps` steps, then the schedule, counted from there. Optax: `transition_begin`.
 */
export const delayed = (schedule: Schedule, steps: number): Schedule => {
  const o = validate("delayed", { steps }, { steps: wholeFromZero })
  return describe("delayed", { ...o, into: schedule }, (k) => rateAt(schedule, T.maximum(T.sub(k, o.steps), 0)))
}

/** Options of a bounded schedule. */
export interface BoundedOptions {
  readonly least?: number
  readonly most?: number
}

/**
 * A schedule that never leaves an interval: `min(max(eta(k), least), most)`. Optax: `end_value` of `exponential_decay`.
 */
export const bounded = (schedule: Schedule, options: BoundedOptions): Schedule => {
  const complete = { least: -Infinity, most: Infinity, ...options }
  const o = validate("bounded", complete, { least: bound, most: bound }, [
    { holds: ({ least, most }) => least <= most, otherwise: "least must not be above most" }
  ])
  return describe("bounded", { ...options, into: schedule }, (k) =>
    T.minimum(T.maximum(rateAt(schedule, k), o.least), o.most)
  )
}

const bound: Requirement = {
  mustBe: "a number",
  holds: (value) => typeof value === "number" && !Number.isNaN(value)
}
