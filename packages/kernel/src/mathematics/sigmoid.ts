/**
 * With x = n ln 2 + r, E = 2^n and V = 1 / (1 + E) = sigmoid(-n ln 2), the addition theorem gives
 * sigmoid(x) = E (V + V^2 c), c = r / (1 + z C(z) + (E - 1) V r/2), where 1 + z C(z) = (r/2) coth(r/2), see
 * hyperbolic.ts. V has one rounding, the other terms are small against it.
 */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { cothTail } from "./hyperbolic.ts"
import { reduce } from "./exponential.ts"

/** Arguments beyond which the result is 0 or 1. */
const range: Readonly<Record<Float, readonly [number, number]>> = { f32: [-105, 20], f64: [-746, 40] }

/** 2^n is held as 2^(n + shift), which is a normal float for every n in the range. */
const shift: Readonly<Record<Float, number>> = { f32: 64, f64: 512 }

/**
 * The logistic function 1 / (1 + e^-x), within 1.8 ulp.
 *
 * Underflows through the denormals to 0. sigmoid(Infinity) = 1, sigmoid(-Infinity) = 0, sigmoid(+-0) = 1/2, NaN stays.
 */
export const sigmoid: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const { add, clamp, div, mul, polynomial, pow2, sub } = a
  const { n, high, low } = reduce(a, clamp(x, ...range[dtype]), dtype, 1)
  const r = sub(high, low)
  const z = mul(r, r)
  const coth = polynomial(
    z,
    cothTail[dtype].map((c, k) => c / 4 ** (k + 1))
  )
  const shifted = pow2(add(n, shift[dtype]))
  const e = mul(shifted, 2 ** -shift[dtype])
  const v = div(1, add(e, 1))
  const c = div(r, add(add(mul(z, coth), mul(mul(sub(e, 1), v), mul(r, 0.5))), 1))
  return mul(mul(add(v, mul(v, mul(v, c))), shifted), 2 ** -shift[dtype])
}
