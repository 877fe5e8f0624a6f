/** What compositions use in place of |x|, so that their derivatives are right at 0 too. Not public. */
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

/** 1 and -1 by the sign of x, 1 at 0 and at NaN: a constant, which no derivative sees. */
export const directionOf = (x: AnyTensor): AnyTensor =>
  ops.select(ops.lt(x, 0), ops.full([], -1, x.dtype), ops.full([], 1, x.dtype))

/**
 * |x| as x times its direction. Its derivative at 0 is 1, that of the right-hand side, where `abs` has 0: an even function
 * of it differentiates at 0 like the smooth function that it is, to every order.
 */
export const sizeOf = (x: AnyTensor, direction: AnyTensor = directionOf(x)): AnyTensor => ops.mul(x, direction)

/** Whether the sign bit is set: -0 counts, a NaN does not. */
export const isNegative = (x: AnyTensor): AnyTensor =>
  ops.or(ops.lt(x, 0), ops.lt(ops.div(ops.full([], 1, x.dtype), x), 0))

/** A number as a scalar tensor of the type of another. */
export const tensorLike = (like: AnyTensor, x: AnyTensor | number): AnyTensor =>
  typeof x === "number" ? ops.full([], x, like.dtype) : x
