/**
 * What the logarithms share: log(x) = k ln 2 + log(m) with x = 2^k m and sqrt(1/2) <= m < sqrt(2), so that nothing
 * cancels around x = 1.
 *
 * With f = m - 1, s = f / (2 + f) and z = s^2: log(1 + f) = 2 atanh(s) = f - (f^2/2 - s (f^2/2 + z L(z))), where the
 * rounded quotient s enters only terms that are small against f (the arrangement of fdlibm).
 */
import type { Register } from "../ir.ts"
import type { Arithmetic, Float } from "./arithmetic.ts"
import { ln2 } from "./exponential.ts"

/**
 * L with 2 atanh(s) = 2 s + s z L(z), z = s^2: minimax of the relative error of atanh on m within 1 % of
 * [sqrt(1/2), sqrt(2)] by Remez exchange in 60 digits, coefficients rounded to the dtype one after another, the
 * rest fitted again each time. Errors 2^-30.1 (f32) and 2^-59.4 (f64).
 */
const atanhTail: Readonly<Record<Float, ReadonlyArray<number>>> = {
  f32: [0.6666678190231323, 0.3997679054737091, 0.2989351749420166],
  f64: [
    0.666666666666674, 0.3999999999937657, 0.2857142875164481, 0.22222197549677075, 0.1818362106859054,
    0.1531251376585993, 0.14812128396912375
  ]
}

/** log(2^k (1 + f)) for 1 + f between sqrt(1/2) and sqrt(2). */
export const logarithm = (a: Arithmetic, f: Register, k: Register, dtype: Float): Register => {
  const { add, div, mul, polynomial, sub } = a
  const s = div(f, add(f, 2))
  const z = mul(s, s)
  const half = mul(mul(f, 0.5), f)
  const tail = mul(s, add(half, mul(z, polynomial(z, atanhTail[dtype]))))
  const low = sub(half, add(tail, mul(k, ln2[dtype].low)))
  return add(sub(f, low), mul(k, ln2[dtype].high))
}

/** The values at the ends of the range: `y` for 0 < x < Infinity, then Infinity, -Infinity at 0, NaN below. */
export const logarithmEnds = ({ eq, gt, lt, select }: Arithmetic, x: Register, y: Register): Register =>
  select(gt(x, 0), select(lt(x, Infinity), y, x), select(eq(x, 0), -Infinity, NaN))

/**
 * Floats below `small` are multiplied by 2^up, all others by 1/4: then their exponent and its negative are both
 * exponents of normal floats.
 */
const scaling: Readonly<Record<Float, { readonly small: number; readonly up: number }>> = {
  f32: { small: 2 ** -100, up: 64 },
  f64: { small: 2 ** -1000, up: 128 }
}

/** A positive finite float, denormals included, as 2^k m with sqrt(1/2) <= m < sqrt(2); exact. */
export const split = (a: Arithmetic, x: Register, dtype: Float): { readonly k: Register; readonly m: Register } => {
  const { exponent, lt, mul, neg, pow2, select, sub } = a
  const { small, up } = scaling[dtype]
  const isSmall = lt(x, small)
  const scaled = mul(x, select(isSmall, 2 ** up, 0.25))
  const e = exponent(mul(scaled, Math.SQRT2))
  return { k: sub(e, select(isSmall, up, -2)), m: mul(scaled, pow2(neg(e))) }
}
