/** Hyperbolic functions and their inverses: compositions that keep their digits near 0 and for large arguments. */
import { unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { directionOf, sizeOf } from "./signed.ts"

/** e^(x/2) - 1 and e^(-x/2) - 1: half of x, so that what is made of them overflows only where the result does. */
const halves = (x: AnyTensor): readonly [AnyTensor, AnyTensor] => {
  const half = ops.mul(x, 0.5)
  return [ops.expm1(half), ops.expm1(ops.neg(half))]
}

/**
 * The hyperbolic sine `(e^x - e^-x) / 2`, computed as `(p - q)/2 (p + q + 2)` with `p = e^(x/2) - 1`, `q = e^(-x/2) - 1`:
 * nothing cancels near 0, and only results beyond the largest float overflow.
 */
export const sinh = unary("sinh", "float", (x) => {
  const [p, q] = halves(x)
  return ops.mul(ops.mul(ops.sub(p, q), 0.5), ops.add(ops.add(p, q), 2))
})

/** The hyperbolic cosine `(e^x + e^-x) / 2`, computed as `1 + (p - q)^2 / 2` with p, q as in `sinh`. */
export const cosh = unary("cosh", "float", (x) => {
  const [p, q] = halves(x)
  const difference = ops.sub(p, q)
  return ops.add(ops.mul(ops.mul(difference, 0.5), difference), 1)
})

/** Sizes from which the inverses are log(2x), to the last digit of f64. */
const large = 2 ** 28

/** log(x) + log(2) where x is large. */
const logarithm = (x: AnyTensor, isLarge: AnyTensor): AnyTensor => ops.add(ops.log(ops.select(isLarge, x, 1)), Math.LN2)

/**
 * The inverse hyperbolic sine `log(x + sqrt(x^2 + 1))`, computed as `log1p(a (1 + a / (1 + sqrt(a^2 + 1))))` with a = |x|,
 * and as `log(2a)` for large a.
 */
export const asinh = unary("asinh", "float", (x) => {
  const direction = directionOf(x)
  const size = sizeOf(x, direction)
  const isLarge = ops.lt(ops.full([], large, x.dtype), size)
  const a = ops.select(isLarge, 1, size)
  const rest = ops.div(a, ops.add(ops.sqrt(ops.add(ops.mul(a, a), 1)), 1))
  const small = ops.log1p(ops.mul(a, ops.add(rest, 1)))
  return ops.mul(ops.select(isLarge, logarithm(size, isLarge), small), direction)
})

/**
 * The inverse hyperbolic cosine `log(x + sqrt(x^2 - 1))`, computed as `log1p(t + sqrt(t) sqrt(t + 2))` with t = x - 1, and as
 * `log(2x)` for large x. NaN below 1; the derivative at 1 is Infinity.
 */
export const acosh = unary("acosh", "float", (x) => {
  const isLarge = ops.lt(ops.full([], large, x.dtype), x)
  const valid = ops.select(ops.lt(x, 1), ops.full([], Number.NaN, x.dtype), ops.full([], 1, x.dtype))
  const t = ops.mul(ops.select(isLarge, 1, ops.sub(x, 1)), valid)
  const small = ops.log1p(ops.add(t, ops.mul(ops.sqrt(t), ops.sqrt(ops.add(t, 2)))))
  return ops.select(isLarge, logarithm(x, isLarge), small)
})

/**
 * The inverse hyperbolic tangent `log((1 + x) / (1 - x)) / 2`, computed as `(log1p(x) - log1p(-x)) / 2`. +-Infinity at
 * +-1, NaN outside [-1, 1].
 */
export const atanh = unary("atanh", "float", (x) => ops.mul(ops.sub(ops.log1p(x), ops.log1p(ops.neg(x))), 0.5))
