/** The logarithm of a sum of exponentials, infinities included. */
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

/** A number where it is finite, else 0: what exponents are shifted by, so that infinities stay what they are. */
export const finiteShift = (top: AnyTensor): AnyTensor =>
  ops.select(ops.lt(ops.abs(top), ops.full(top.shape, Infinity, top.dtype)), top, 0)

/** `ln(e) + shift` for a sum e of exponentials; -Infinity with derivative 0 where it is 0. */
export const logOfSum = (e: AnyTensor, shift: AnyTensor): AnyTensor => {
  const isEmpty = ops.eq(e, ops.full(e.shape, 0, e.dtype))
  return ops.select(isEmpty, -Infinity, ops.add(ops.log(ops.select(isEmpty, 1, e)), shift))
}
