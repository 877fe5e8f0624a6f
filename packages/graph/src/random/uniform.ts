/** Uniform floats and integers. */
import type { Float } from "../dtype.ts"
import { OptionError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Mutable, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { type Key, pairsOf } from "./key.ts"

const shiftRight = (x: AnyTensor, by: number): AnyTensor => ops.shiftRight(x, ops.full([], by, "u32"))

/** Uniform in [low, high): multiples of 2^-23 (f32) or 2^-52 (f64) in [0, 1), scaled. */
export const uniform = <const S extends Shape & ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: { readonly low?: number; readonly high?: number; readonly dtype?: D } = {}
): Tensor<Mutable<S>, D> => {
  const { low = 0, high = 1 } = options
  const dtype: Float = options.dtype ?? "f32"
  const [a, b] = pairsOf(k, shape)
  // JAX builds the float from its mantissa bits and subtracts 1: exactly these multiples.
  const unit =
    dtype === "f32"
      ? ops.mul(ops.cast(shiftRight(ops.xor(a, b), 9), "f32"), 2 ** -23)
      : ops.add(ops.mul(ops.cast(a, "f64"), 2 ** -32), ops.mul(ops.cast(shiftRight(b, 12), "f64"), 2 ** -52))
  const scaled = low === 0 && high === 1 ? unit : ops.max(ops.add(ops.mul(unit, high - low), low), low)
  return ops.reshape(scaled, shape) as Tensor<Mutable<S>, D>
}

/**
 * Uniform in the open interval (0, 1), with all the precision that floats have near 0: multiples of 2^-49 (f32) or
 * 2^-65 (f64), rounded, below 1. For logarithms and tails. The lowest bits of the second word are left over. Not public.
 */
export const openUniform = (
  k: Key,
  shape: ReadonlyArray<number>,
  dtype: Float
): { readonly unit: AnyTensor; readonly rest: AnyTensor } => {
  const [a, b] = pairsOf(k, shape)
  const [high, low, scale, largest] =
    dtype === "f32"
      ? ([ops.cast(shiftRight(a, 8), "f32"), ops.cast(shiftRight(b, 8), "f32"), 2 ** -24, 1 - 2 ** -24] as const)
      : ([ops.cast(a, "f64"), ops.cast(shiftRight(b, 1), "f64"), 2 ** -32, 1 - 2 ** -53] as const)
  const fraction = dtype === "f32" ? scale * scale : 2 ** -63
  const unit = ops.add(ops.mul(high, scale), ops.mul(ops.add(low, 0.5), fraction))
  // The sum may have been rounded up to 1.
  return { unit: ops.reshape(ops.min(unit, largest), shape), rest: ops.reshape(ops.and(b, 1), shape) }
}

/** The upper 32 bits of the product of words with a constant below 2^32, by halves. */
const highProduct = (x: AnyTensor, factor: number): AnyTensor => {
  const [factorHigh, factorLow] = [Math.floor(factor / 2 ** 16), factor % 2 ** 16]
  const half = ops.full([], 0xffff, "u32")
  const [xHigh, xLow] = [shiftRight(x, 16), ops.and(x, half)]
  const [lowHigh, highLow] = [ops.mul(xLow, factorHigh), ops.mul(xHigh, factorLow)]
  const middle = ops.add(
    ops.add(shiftRight(ops.mul(xLow, factorLow), 16), ops.and(lowHigh, half)),
    ops.and(highLow, half)
  )
  return ops.add(
    ops.add(ops.mul(xHigh, factorHigh), shiftRight(lowHigh, 16)),
    ops.add(shiftRight(highLow, 16), shiftRight(middle, 16))
  )
}

/**
 * Uniform whole numbers from `low` up to but not including `high`, as i32: a 64-bit random number times their count,
 * divided by 2^64, so that no number is likelier than another by more than one part in 2^32.
 * Throws an OptionError unless low < high are whole numbers that i32 holds.
 */
export const randint = <const S extends ReadonlyArray<number>>(
  k: Key,
  shape: S,
  low: number,
  high: number
): Tensor<Mutable<S>, "i32"> => {
  const isInside = (x: number): boolean => Number.isInteger(x) && x >= -(2 ** 31) && x <= 2 ** 31
  if (!isInside(low) || !isInside(high) || low >= high)
    throw new OptionError(`randint: needs whole numbers low < high between -2^31 and 2^31, got ${low} and ${high}`)
  const count = high - low
  const [a, b] = pairsOf(k, shape)
  // (a 2^32 + b) count / 2^64: the carry of the lower word into the upper one.
  const below = count === 2 ** 32 ? b : highProduct(b, count)
  const sum = ops.add(count === 2 ** 32 ? ops.full(a.shape, 0, "u32") : ops.mul(a, count), below)
  const drawn = count === 2 ** 32 ? a : ops.add(highProduct(a, count), ops.cast(ops.lt(sum, below), "u32"))
  return ops.reshape(ops.add(ops.cast(drawn, "i32"), low), shape) as Tensor<Mutable<S>, "i32">
}
