/** 2^x = 2^n e^(t ln 2) with n = nearest(x) and t = x - n, which is exact. */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { quadraticTail, scale } from "./exponential.ts"

/** Arguments beyond which the result is 0 or Infinity. */
const range: Readonly<Record<Float, readonly [number, number]>> = { f32: [-160, 128], f64: [-1090, 1024] }

/**
 * 2^x, exact where x is a whole number; accuracy in docs/numerics.md.
 *
 * Overflows to Infinity, underflows through the denormals to 0. exp2(-Infinity) = 0, exp2(+-0) = 1, NaN stays.
 */
export const exp2: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { add, clamp, mul, polynomial, sub, whole } = a
  const dtype = floatOf(x.type)
  const value = clamp(x, ...range[dtype])
  const n = whole(value)
  const r = mul(sub(value, n), Math.LN2)
  const p = add(add(r, mul(mul(r, r), polynomial(r, quadraticTail[dtype]))), 1)
  return scale(a, p, n, dtype)
}
