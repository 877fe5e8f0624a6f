/** Normal numbers, whole and cut. */
import { Mathematics } from "@cotangent/kernel"
import type { Float } from "../dtype.ts"
import { OptionError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Mutable } from "../shape.ts"
import type { Tensor } from "../tensor.ts"
import { type Key, split } from "./key.ts"
import { openUniform, uniform } from "./uniform.ts"

/** Normal with mean 0 and variance 1, by the Box-Muller transform of two uniforms. Box, Muller 1958. */
export const normal = <const S extends ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: { readonly dtype?: D } = {}
): Tensor<Mutable<S>, D> => {
  const dtype: Float = options.dtype ?? "f32"
  const [first, second] = split(k)
  // 1 - u lies in (0, 1], so that its logarithm is finite.
  const u = ops.sub(ops.full(shape, 1, dtype), uniform(first, shape, { dtype }))
  const radius = ops.sqrt(ops.mul(ops.log(u), -2))
  return ops.mul(radius, ops.cos(ops.mul(uniform(second, shape, { dtype }), 2 * Math.PI))) as Tensor<Mutable<S>, D>
}

/** The probability that must lie between the bounds, so that the floats near +-1 resolve it. */
const least: Readonly<Record<Float, number>> = { f32: 2 ** -12, f64: 2 ** -40 }

/**
 * Normal with mean 0 and variance 1 on the condition that it lies in [low, high]: `sqrt(2) erfinv(u)` of a uniform u
 * between `erf(low / sqrt(2))` and `erf(high / sqrt(2))`. Bounds may be infinite. For another mean and scale, scale the
 * bounds and the result: that is its derivative too.
 * Throws an OptionError when low >= high, and when less than 2^-12 (f32) or 2^-40 (f64) of the distribution lies between.
 */
export const truncatedNormal = <const S extends ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  low: number,
  high: number,
  shape: S,
  options: { readonly dtype?: D } = {}
): Tensor<Mutable<S>, D> => {
  const dtype: Float = options.dtype ?? "f32"
  if (!(low < high)) throw new OptionError(`truncatedNormal: needs low < high, got ${low} and ${high}`)
  const erf = Mathematics.scalar("erf", "f64")
  const [from, to] = [erf(low * Math.SQRT1_2), erf(high * Math.SQRT1_2)]
  if ((to - from) / 2 < least[dtype])
    throw new OptionError(
      `truncatedNormal: less than ${least[dtype]} of the normal distribution lies in [${low}, ${high}], too little for ${dtype}`
    )
  const { unit } = openUniform(k, shape, dtype)
  const largest = dtype === "f32" ? 1 - 2 ** -24 : 1 - 2 ** -53
  const inside = ops.max(ops.min(ops.add(ops.mul(unit, to - from), from), largest), -largest)
  const x = ops.mul(ops.erfinv(inside), Math.SQRT2)
  return ops.max(ops.min(x, high), low) as Tensor<Mutable<S>, D>
}
