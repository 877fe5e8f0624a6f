/** Floats that are not ordinary, and signs. */
import { isFloat } from "../dtype.ts"
import { predicate, withOptions } from "../elementwise-face.ts"
import { binary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { isNegative, tensorLike } from "./signed.ts"

const everywhere = (x: AnyTensor, value: boolean): AnyTensor => ops.full(x.shape, value ? 1 : 0, "bool")

/** Whether elements are NaN. */
export const isNaN = predicate("isNaN", "number", (x) =>
  isFloat(x.dtype) ? ops.not(ops.eq(x, x)) : everywhere(x, false)
)
/** Whether elements are neither NaN nor infinite. */
export const isFinite = predicate("isFinite", "number", (x) =>
  isFloat(x.dtype) ? ops.lt(ops.abs(x), Infinity) : everywhere(x, true)
)
/** Whether elements are Infinity or -Infinity. */
export const isInfinite = predicate("isInfinite", "number", (x) =>
  isFloat(x.dtype) ? ops.eq(ops.abs(x), Infinity) : everywhere(x, false)
)
/** Whether the sign bit is set: below 0, and at -0 too. A NaN has no sign here. */
export const signBit = predicate("signBit", "number", (x) =>
  isFloat(x.dtype) ? isNegative(x) : x.dtype === "u32" ? everywhere(x, false) : ops.lt(x, 0)
)

/** What stands in for NaN and the infinities; by default 0, the largest and the lowest float. */
export interface NanToNumOptions {
  readonly nan?: number
  readonly posInf?: number
  readonly negInf?: number
}

const largest = { f32: (2 - 2 ** -23) * 2 ** 127, f64: Number.MAX_VALUE } as const

/**
 * Replaces NaN by `nan` (0), Infinity by `posInf` (the largest float) and -Infinity by `negInf` (the lowest). The
 * derivative is 0 where something was replaced.
 */
export const nanToNum = withOptions<"nanToNum", "float", NanToNumOptions>("nanToNum", "float", (x, options) => {
  const limit = x.dtype === "f32" ? largest.f32 : largest.f64
  const { nan = 0, posInf = limit, negInf = -limit } = options
  const above = ops.select(ops.eq(x, Infinity), posInf, x)
  const below = ops.select(ops.eq(x, -Infinity), negInf, above)
  return ops.select(ops.eq(x, x), below, nan)
})

/**
 * |a| with the sign of b, whose -0 counts as negative. The derivative with respect to a is the product of both signs, 0
 * at a = 0; with respect to b it is 0.
 */
export const copysign = binary("copysign", "float", (a, b) => {
  const size = ops.abs(a)
  return ops.select(isNegative(tensorLike(a, b)), ops.neg(size), size)
})

/** One of two numbers: a where `isFirst` of both holds or b is NaN; so a NaN is taken only when both are. */
const known = (
  a: AnyTensor,
  right: AnyTensor | number,
  isFirst: (a: AnyTensor, b: AnyTensor) => AnyTensor
): AnyTensor => {
  const b = tensorLike(a, right)
  return ops.select(ops.or(isFirst(a, b), ops.not(ops.eq(b, b))), a, b)
}

/** The larger element, and the one that is a number where the other is NaN; a tie gives its derivative to the first. */
export const fmax = binary("fmax", "float", (a, b) => known(a, b, (x, y) => ops.le(y, x)))

/** The smaller element, and the one that is a number where the other is NaN; a tie gives its derivative to the first. */
export const fmin = binary("fmin", "float", (a, b) => known(a, b, ops.le))

/** 0 below 0, 1 above, and `atZero` at 0: `T.heaviside(x, atZero)`. Constant almost everywhere. */
export const heaviside = binary("heaviside", "float", (x, atZero) => {
  const step = ops.select(ops.lt(x, 0), 0, ops.select(ops.lt(ops.full([], 0, x.dtype), x), 1, x))
  return ops.select(ops.eq(x, 0), tensorLike(x, atZero), ops.stopGradient(step))
})
