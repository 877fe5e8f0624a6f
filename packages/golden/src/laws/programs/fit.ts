/** Making any tensor fit where another shape, or another range of numbers, is needed. */
import { type AnyTensor, isFloat, operations as ops, type SampleOperand, sizeOf, Values } from "@cotangent/graph"

/** The elements of a tensor under another shape: cut, or repeated from the start. */
export const fit = (x: AnyTensor, shape: ReadonlyArray<number>): AnyTensor => {
  const [have, want] = [sizeOf(x.shape), sizeOf(shape)]
  if (want === 0 || have === 0) return ops.full(shape, 0, x.dtype)
  const flat = ops.reshape(x, [have])
  const copies = Math.ceil(want / have)
  const long =
    copies === 1
      ? flat
      : ops.concat(
          Array.from({ length: copies }, () => flat),
          0
        )
  const cut = copies * have === want ? long : ops.slice(long, { start: [0], limit: [want], step: [1] })
  return ops.reshape(cut, shape)
}

/**
 * A tensor as an operand of a sample: of its shape, its numbers between its bounds. Given floats are moved a little, other
 * given values stay.
 */
export const asOperand = (x: AnyTensor, operand: SampleOperand): AnyTensor => {
  if (!Values.isValue(operand)) {
    const { shape, low, high } = operand
    return ops.add(ops.mul(ops.sigmoid(fit(x, shape)), high - low), low)
  }
  const given = ops.constant(operand)
  if (!isFloat(operand.dtype)) return given
  return ops.add(ops.cast(given, x.dtype), ops.mul(ops.sin(fit(x, operand.shape)), 0.01))
}

/** A flag or an integer as a small float of the type of x: its last bits count. */
const smallFloat = (y: AnyTensor, x: AnyTensor): AnyTensor =>
  y.dtype === "bool"
    ? ops.cast(y, x.dtype)
    : ops.mul(ops.cast(ops.and(y, ops.full(y.shape, 7, y.dtype)), x.dtype), 0.25)

/**
 * Any result as a float that depends on x, so that a program goes on with it: flags and integers, which depend on nothing
 * as far as derivatives can see, become factors of x.
 */
export const asFloat = (y: AnyTensor, x: AnyTensor): AnyTensor =>
  isFloat(y.dtype) ? ops.cast(y, x.dtype) : ops.mul(x, ops.add(fit(smallFloat(y, x), x.shape), 0.5))
