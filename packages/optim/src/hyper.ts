/** Hyper-parameters: numbers, functions of the step, or scalar expressions that one can differentiate by. */
import { type AnyTensor, isTensor } from "@cotangent/graph"
import { f64, type Scalar } from "./scalar.ts"
import { rateAt, type Schedule } from "./schedule/schedule.ts"
import type { Requirement } from "./validation.ts"

/**
 * A hyper-parameter: a number, a schedule (its value at step k, from 0), or a float64 scalar. A scalar may be a parameter
 * of the program: then another value compiles nothing again, and gradients with respect to it are gradients of the run.
 *
 * ```ts
 * const fixed = trace(0.9)
 * const scheduled = trace(Schedule.linear({ from: 0.5, to: 0.95, steps: 1000 }))
 * const learned = (momentum: Tensor<[], "f64">) => trace(momentum)
 * ```
 */
export type Hyper = number | Schedule | Scalar

/** The value of a hyper-parameter at step k, from 0. */
export const hyperAt = (value: Hyper, k: Scalar): Scalar =>
  typeof value === "number" ? f64(value) : typeof value === "function" ? rateAt(value, k) : value

const isScalar = (value: unknown): boolean => {
  if (!isTensor(value)) return false
  const { dtype, shape }: AnyTensor = value
  return dtype === "f64" && shape.length === 0
}

/** A requirement on numbers, lifted to hyper-parameters: what schedules and scalars will be is not known beforehand. */
export const hyper = ({ mustBe, holds }: Requirement): Requirement => ({
  mustBe: `${mustBe}, or a schedule or an f64 scalar`,
  holds: (value) => typeof value === "function" || isScalar(value) || holds(value)
})
