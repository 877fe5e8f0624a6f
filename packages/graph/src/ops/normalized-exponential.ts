/** The softmax of a slice, with the derivative it is known for. */
import { keepAxes } from "../axes.ts"
import type { RuleOperations, Operations } from "../operations-interface.ts"
import { operations as ops } from "../operations.ts"
import type { Maybe } from "../primitive.ts"
import { withRule } from "../primitives/custom.ts"
import type { AnyTensor } from "../tensor.ts"
import { shiftOf, spread } from "./shift.ts"

/** `y (t - sum(y t))` along axes: the product with the Jacobian of softmax, which is symmetric. */
const derivative = (make: Operations, y: AnyTensor, t: Maybe, axes: ReadonlyArray<number>): Maybe => {
  if (t === undefined) return undefined
  const sum = make.reduceSum(make.mul(y, t), axes)
  return make.mul(y, make.sub(t, make.broadcast(make.reshape(sum, keepAxes(y.shape, axes)), y.shape)))
}

/**
 * `e^x_i / sum_j e^x_j` along axes, safe for large x. A slice of -Infinity alone gives NaN, or zeros where `empty` asks for
 * them. The derivative needs y alone: `x_bar = y (y_bar - sum(y y_bar))`, where that of the operations it is made of would
 * keep the exponentials as well.
 */
export const normalizedExponential = (x: AnyTensor, axes: ReadonlyArray<number>, empty?: "zeros"): AnyTensor => {
  const e = ops.exp(ops.sub(x, spread(shiftOf(x, axes), x, axes)))
  const sum = ops.reduceSum(e, axes)
  const divisor = empty === undefined ? sum : ops.select(ops.eq(sum, ops.full(sum.shape, 0, sum.dtype)), 1, sum)
  const y = ops.div(e, spread(divisor, x, axes))
  const rule = {
    pullback: (
      given: RuleOperations,
      at: { readonly results: ReadonlyArray<AnyTensor> },
      [g]: ReadonlyArray<Maybe>
    ) => [derivative(given, at.results[0] ?? y, g, axes)],
    pushforward: (
      given: RuleOperations,
      at: { readonly results: ReadonlyArray<AnyTensor> },
      [t]: ReadonlyArray<Maybe>
    ) => [derivative(given, at.results[0] ?? y, t, axes)]
  }
  return ops.custom([y, x], withRule({ name: "softmax", results: 1, captured: 0 }, rule))[0] ?? y
}
