/** Schedules given by their values at some steps. */
import { T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { anyNumber, listOf, milestones, oneOf, validate, wholeFromZero } from "../validation.ts"
import { cosineWeight } from "./curve.ts"
import { describe, type Schedule } from "./schedule.ts"

const values = listOf(
  "a list of one or more finite numbers",
  (list) => list.length > 0 && list.every((value) => anyNumber.holds(value))
)

/** Options of a schedule of constant pieces. */
export interface PiecewiseConstantOptions {
  readonly values: ReadonlyArray<number>
  /** The steps from which the next value counts, ascending, one fewer than values. */
  readonly boundaries: ReadonlyArray<number>
}

/**
 * `eta(k) = values[j]` with j the number of boundaries at or before k.
 *
 * Optax: `piecewise_constant_schedule`, whose scales are the ratios of neighbouring values. Keras:
 * `PiecewiseConstantDecay(boundaries, values)`, whose boundary b still has the value before it: `b + 1` here.
 *
 * ```ts
 * const rate = Schedule.piecewiseConstant({ values: [0.1, 0.01, 0.001], boundaries: [100, 150] })
 * const late = Schedule.at(rate, 150)                      // 0.001
 * ```
 */
export const piecewiseConstant = (options: PiecewiseConstantOptions): Schedule => {
  const o = validate("piecewiseConstant", options, { values, boundaries: milestones }, [
    {
      holds: (given) => given.values.length === given.boundaries.length + 1,
      otherwise: (given) =>
        `${given.values.length} values meet at ${given.values.length - 1} boundaries, there are ${given.boundaries.length}`
    }
  ])
  return describe("piecewiseConstant", o, (k) =>
    o.boundaries.reduce(
      (rate: Scalar, boundary, i): Scalar => T.where(T.greaterEqual(k, boundary), f64(o.values[i + 1] ?? 0), rate),
      f64(o.values[0] ?? 0)
    )
  )
}

/** Options of an interpolating schedule. */
export interface InterpolateOptions {
  /** Steps and their values, by ascending steps. */
  readonly points: ReadonlyArray<readonly [step: number, value: number]>
  /** The curve between two points: `"linear"` unless given. */
  readonly curve?: "linear" | "cosine"
}

const points = listOf(
  "a list of one or more pairs [step, value], the steps whole numbers, 0 or more, each larger than the one before",
  (list) =>
    list.length > 0 &&
    list.every((pair, i) => {
      if (!Array.isArray(pair) || pair.length !== 2) return false
      const before: unknown = list[i - 1]
      return (
        wholeFromZero.holds(pair[0]) &&
        anyNumber.holds(pair[1]) &&
        (!Array.isArray(before) || Number(pair[0]) > Number(before[0]))
      )
    })
)

/**
 * Through given points, in straight lines or half cosines; before the first point and after the last the value holds.
 *
 * Optax: `piecewise_interpolate_schedule`. Its `linear_onecycle_schedule(n, peak)` is, with `f = peak / 25`, the points
 * `[0, f], [0.3 n, peak], [0.85 n, f], [n, f / 1e4]`; `cosine_onecycle_schedule(n, peak)` the points
 * `[0, f], [0.3 n, peak], [n, f / 1e4]` on a cosine, steps rounded down.
 *
 * ```ts
 * const rate = Schedule.interpolate({ points: [[0, 0], [10, 1], [30, 0.5]] })
 * const between = Schedule.at(rate, 20)                    // 0.75
 * ```
 */
export const interpolate = (options: InterpolateOptions): Schedule => {
  const o = validate(
    "interpolate",
    { curve: "linear" as const, ...options },
    { points, curve: oneOf("linear", "cosine") }
  )
  const [first = [0, 0]] = o.points
  return describe("interpolate", o, (k) =>
    o.points.slice(1).reduce((rate: Scalar, [stop, to], i): Scalar => {
      const [start, from] = o.points[i] ?? first
      const part = T.div(T.sub(T.minimum(k, stop), start), stop - start)
      const weight = o.curve === "linear" ? part : T.sub(f64(1), cosineWeight(part))
      return T.where(T.greaterEqual(k, start), T.add(T.mul(weight, to - from), from), rate)
    }, f64(first[1]))
  )
}
