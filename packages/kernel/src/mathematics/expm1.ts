/**
 * With e^x = 2^n e^r (see exponential.ts) and p = e^r - 1: expm1(x) = 2^n p + (2^n - 1), which is p itself where n = 0.
 */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { quadraticTail, reduce } from "./exponential.ts"

/** Arguments beyond which the result is -1 or Infinity. */
const range: Readonly<Record<Float, readonly [number, number]>> = { f32: [-18, 88.8], f64: [-38, 709.9] }

/**
 * e^x - 1, accurate for small x, within 1.6 ulp.
 *
 * Overflows to Infinity. expm1(-Infinity) = -1, expm1(+-0) = +-0, NaN stays.
 */
export const expm1: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const { abs, add, clamp, lt, mul, polynomial, pow2, select, sub } = a
  const { n, high, low } = reduce(a, clamp(x, ...range[dtype]), dtype, 1)
  const r = sub(high, low)
  const p = add(high, sub(mul(mul(r, r), polynomial(r, quadraticTail[dtype])), low))
  // Half of 2^n, doubled at the end: 2^n itself may lie above the largest exponent where the result does not.
  const half = pow2(sub(n, 1))
  // Below 2^-60 the result is x: so zeros keep their sign, and denormals are not halved.
  return select(lt(abs(x), 2 ** -60), x, mul(add(mul(half, p), sub(half, 0.5)), 2))
}
