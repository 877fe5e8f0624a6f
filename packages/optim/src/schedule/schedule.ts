/**
 * Schedules: a learning rate (or any other number) as a pure function of the step. The step is a float64 scalar
 * expression counted from 0, the rate another, built of graph operations: a schedule compiles into the training step and
 * gives the same bits everywhere.
 */
import { isTensor, showShape, T } from "@cotangent/graph"
import { OptimizerError } from "../errors.ts"
import { f64, type Scalar } from "../scalar.ts"
import { show } from "../validation.ts"

/** What a schedule is, as plain data: its constructor's name beside its options. */
export interface Description {
  readonly schedule: string
  readonly [option: string]: unknown
}

/**
 * The rate `eta(k)` of the k-th step, `k = 0, 1, 2, ...`. Any function of that type is a schedule; those made here also
 * carry their description, which is what `JSON.stringify` shows.
 *
 * ```ts
 * const noam: Schedule = (k) => T.minimum(T.pow(T.add(k, 1), -0.5), T.mul(T.add(k, 1), 4000 ** -1.5))
 * ```
 */
export interface Schedule {
  (step: Scalar): Scalar
  readonly description?: Description
}

/** A schedule with its description. */
export const describe = (schedule: string, options: object, rate: (step: Scalar) => Scalar): Schedule => {
  const description: Description = Object.freeze({ schedule, ...options })
  const described = (step: Scalar): Scalar => rate(step)
  return Object.freeze(Object.assign(described, { description, toJSON: () => description }))
}

/** The rate as an expression; throws an OptimizerError unless the schedule gives a float64 scalar. */
export const rateAt = (schedule: Schedule, step: Scalar): Scalar => {
  if (typeof schedule !== "function")
    throw new OptimizerError("schedule", [`a schedule must be a function, it is ${show(schedule)}`])
  const rate = schedule(step)
  if (!isTensor(rate))
    throw new OptimizerError(schedule.description?.schedule ?? "schedule", [
      `a schedule must give an f64 scalar, this one gives ${show(rate)}; use T.constant(rate, "f64")`
    ])
  if (rate.dtype !== "f64" || rate.shape.length > 0) {
    throw new OptimizerError(schedule.description?.schedule ?? "schedule", [
      `a schedule must give an f64 scalar, this one gives ${rate.dtype}${showShape(rate.shape)}; use T.cast(rate, "f64") or T.reshape(rate, [])`
    ])
  }
  return rate
}

/** The rate of step k as a number, by the reference interpreter: `at(cosine({ from: 0.1, steps: 10 }), 5)` is 0.05. */
export const at = (schedule: Schedule, step: number): number =>
  T.evaluate(rateAt(schedule, f64(step))).data[0] ?? Number.NaN

/** The rates of steps 0 to n - 1, for charts and tables. */
export const sample = (schedule: Schedule, n: number): ReadonlyArray<number> =>
  Array.from({ length: n }, (_, k) => at(schedule, k))
