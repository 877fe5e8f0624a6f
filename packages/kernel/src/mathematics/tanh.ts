/**
 * tanh(x) = T + (1 - T^2) tanh(r) / (1 + T tanh(r)) with x = n ln(2)/2 + r, T = tanh(n ln(2)/2) = (2^n - 1) / (2^n + 1)
 * and tanh(r) = r / (1 + z C(z)), see hyperbolic.ts. The large term T has one rounding, all others are small against it.
 */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { cothTail } from "./hyperbolic.ts"
import { log2e, ln2 } from "./exponential.ts"

/** The argument beyond which the result is 1. */
const saturation: Readonly<Record<Float, number>> = { f32: 9.5, f64: 20 }

/**
 * The hyperbolic tangent, within 1.9 ulp, exactly odd.
 *
 * tanh(+-Infinity) = +-1, tanh(+-0) = +-0, NaN stays.
 */
export const tanh: UnaryDefinition = (b, x) => {
  const { add, clamp, div, mul, polynomial, pow2, sub, whole } = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const y = clamp(x, -saturation[dtype], saturation[dtype])
  // Adding 0 turns n = -0 into 0, and the last operation subtracts +0: so -0 stays -0.
  const n = add(whole(mul(y, 2 * log2e)), 0)
  const r = sub(sub(y, mul(n, ln2[dtype].high / 2)), mul(n, ln2[dtype].low / 2))
  const z = mul(r, r)
  const e = pow2(n)
  const minusT = div(sub(1, e), add(e, 1))
  const below = add(sub(mul(z, polynomial(z, cothTail[dtype])), mul(minusT, r)), 1)
  return sub(div(mul(sub(1, mul(minusT, minusT)), r), below), minusT)
}
