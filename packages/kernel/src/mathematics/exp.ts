/**
 * exp(x) = 2^n (1 + r + r^2 q(r)), see exponential.ts.
 */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { quadraticTail, reduce, scale } from "./exponential.ts"

/** Arguments beyond which the result is 0 or Infinity. */
const range: Readonly<Record<Float, readonly [number, number]>> = { f32: [-104, 88.8], f64: [-746, 710] }

/**
 * e^x, within 0.90 ulp in f32 and 1 ulp in f64.
 *
 * Overflows to Infinity, underflows through the denormals to 0. exp(-Infinity) = 0, exp(+-0) = 1, NaN stays.
 */
export const exp: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const { add, clamp, mul, polynomial, sub } = a
  const { n, high, low } = reduce(a, clamp(x, ...range[dtype]), dtype, 1)
  const r = sub(high, low)
  const p = add(add(high, sub(mul(mul(r, r), polynomial(r, quadraticTail[dtype])), low)), 1)
  return scale(a, p, n, dtype)
}
