/** Why a solver stopped: a code inside the graph, a name outside. */
import { T, type Tensor } from "@cotangent/graph"

/**
 * The reasons by code. `"not stopped"` stands in a state before its first step; `"gradient"`, `"point"` and `"value"` are
 * convergence: the gradient, the change of the parameters or the change of the value is within its tolerance. `"no
 * descent"`: the direction does not descend by more than the tolerance, or the search along it found no lower point. Close
 * to a minimum rounding does that; it is not counted as convergence, for it happens elsewhere too. `"not finite"`: the value
 * or the gradient is infinite or NaN at the start, or at the last point that was tried before nothing lower was found.
 */
export const reasons = [
  "not stopped",
  "gradient",
  "point",
  "value",
  "no descent",
  "iterations",
  "evaluations",
  "not finite"
] as const

/** Why a solver stopped. */
export type Reason = (typeof reasons)[number]

/** The code of a reason, which is its place in `reasons`. */
export const codeOf = (reason: Reason): number => reasons.indexOf(reason)

/** A whole number in the graph. */
export const counter = (n: number): Tensor<[], "i32"> => T.constant(n, "i32")

/** The code of the first condition that holds, 0 if none does. */
export const firstOf = (
  ...cases: ReadonlyArray<readonly [holds: Tensor<[], "bool">, reason: Reason]>
): Tensor<[], "i32"> =>
  cases.reduceRight(
    (otherwise, [holds, reason]) => T.where(holds, counter(codeOf(reason)), otherwise),
    counter(codeOf("not stopped"))
  )

/** Whether a code means convergence. */
export const isConverged = (reason: Tensor<[], "i32">): Tensor<[], "bool"> =>
  T.and(T.greaterEqual(reason, codeOf("gradient")), T.lessEqual(reason, lastConverged))

/** The largest code that means convergence. */
const lastConverged = codeOf("value")

/**
 * The reason of a code: `reasonOf(T.evaluate(result.reason))`, or of the number in it. Throws a RangeError for what is no
 * code.
 */
export const reasonOf = (code: number | { readonly data: ArrayLike<number> }): Reason => {
  const number = typeof code === "number" ? code : (code.data[0] ?? NaN)
  const reason = reasons[number]
  if (reason === undefined)
    throw new RangeError(`reasonOf: a reason is a whole number from 0 to ${reasons.length - 1}, this is ${number}`)
  return reason
}
