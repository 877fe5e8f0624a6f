/** The p-norm of vectors, with a derivative wherever one is needed. */
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

const zeroOf = (x: AnyTensor): AnyTensor => ops.full(x.shape, 0, x.dtype)

/** `x^p` for x >= 0, 0 at 0 and derivative 0 there: the one-sided limit for p > 1, PyTorch's convention below. */
export const positivePower = (x: AnyTensor, p: number): AnyTensor => {
  const isZero = ops.eq(x, zeroOf(x))
  // Where x is 0 the power is taken of 1 and not chosen: so no infinite slope is multiplied by 0.
  const safe = ops.select(isZero, 1, x)
  const power = p === 0.5 ? ops.sqrt(safe) : ops.pow(safe, ops.full(x.shape, p, x.dtype))
  return ops.select(isZero, 0, power)
}

/**
 * `(sum |x|^p)^(1/p)` over some axes, without them: `sum |x|` for p = 1, `max |x|` for Infinity, `min |x|` for
 * -Infinity, the number of elements that are not 0 for p = 0. The derivative of the norm of zeros is 0.
 */
export const pNorm = (x: AnyTensor, p: number, axes: ReadonlyArray<number>): AnyTensor => {
  if (p === 2) return positivePower(ops.reduceSum(ops.mul(x, x), axes), 0.5)
  const size = ops.abs(x)
  if (p === 1) return ops.reduceSum(size, axes)
  if (p === Infinity) return ops.reduceMax(size, axes)
  if (p === -Infinity) return ops.reduceMin(size, axes)
  if (p === 0) return ops.reduceSum(ops.select(ops.eq(x, zeroOf(x)), 0, ops.full(x.shape, 1, x.dtype)), axes)
  const norm = positivePower(ops.reduceSum(positivePower(size, p), axes), 1 / p)
  if (p > 0) return norm
  // A negative power of 0 is infinite, and so is the sum: the norm is 0.
  const some = ops.reduceMax(ops.cast(ops.eq(x, zeroOf(x)), "i32"), axes)
  return ops.select(ops.eq(some, 1), 0, norm)
}
