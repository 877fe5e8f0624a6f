/** The logarithms that losses of logits are made of, right at every order of derivative. */
import { T } from "@cotangent/graph"
import type { Floats } from "./reduction.ts"

/**
 * `ln(1 + e^-|x|)`. It is chosen between two analytic functions and not made of |x|, whose derivatives at 0 would not be
 * those of the sums it belongs to.
 */
const tail = (x: Floats, positive: ReturnType<typeof isPositive>): Floats =>
  T.log1p(T.exp(T.where(positive, T.neg(x), x)))

const isPositive = (x: Floats) => T.greater(x, 0)

/** `ln(1 + e^-x)`, the loss of a logit where 1 is true, and `ln(1 + e^x)`, where 0 is: a sum of positive terms each. */
export const logisticLosses = (x: Floats): { readonly ifOne: Floats; readonly ifZero: Floats } => {
  const positive = isPositive(x)
  const rest = tail(x, positive)
  return {
    ifOne: T.add(T.where(positive, 0, T.neg(x)), rest),
    ifZero: T.add(T.where(positive, x, 0), rest)
  }
}
