/**
 * What the exponential functions share: e^x = 2^n e^r with n = nearest(x / ln 2) and |r| <= ln(2)/2.
 *
 * ln 2 stands as the sum of two parts (Cody and Waite); n times the high part is exact, so that r = high - low carries
 * one rounding only, and `low` is kept for those who need r more exactly.
 */
import type { Register } from "../ir.ts"
import type { Arithmetic, Float } from "./arithmetic.ts"

/** ln 2 = high + low, both positive; the high part has 15 bits in f32 and 41 bits in f64. */
export const ln2: Readonly<Record<Float, { readonly high: number; readonly low: number }>> = {
  f32: { high: 0.693145751953125, low: 1.428606765330187e-6 },
  f64: { high: 0.693147180559663, low: 2.8235290563031577e-13 }
}

/** 1 / ln 2. */
export const log2e = 1.4426950408889634

/**
 * q with e^r = 1 + r + r^2 q(r): minimax of the relative error of e^r on |r| <= 1.01 ln(2)/2 by Remez exchange in
 * 60 digits, coefficients rounded to the dtype one after another, the rest fitted again each time.
 * Errors 2^-28.1 (f32) and 2^-57.7 (f64).
 */
export const quadraticTail: Readonly<Record<Float, ReadonlyArray<number>>> = {
  f32: [0.4999999403953552, 0.16666516661643982, 0.041668280959129333, 0.008369247429072857, 0.0013820728054270148],
  f64: [
    0.5000000000000012, 0.1666666666666644, 0.041666666666517575, 0.008333333333482986, 0.0013888888947040463,
    0.00019841269526160702, 2.480148937300405e-5, 2.7557569351003913e-6, 2.7631653002675495e-7, 2.5006055778770423e-8
  ]
}

/** n = nearest(x / (k ln 2)) and high - low = x - n k ln 2, where k is a power of two. */
export const reduce = (
  { mul, sub, whole }: Arithmetic,
  x: Register,
  dtype: Float,
  k: number
): { readonly n: Register; readonly high: Register; readonly low: Register } => {
  const n = whole(mul(x, log2e / k))
  return { n, high: sub(x, mul(n, ln2[dtype].high * k)), low: mul(n, ln2[dtype].low * k) }
}

/** Exponents from which p 2^n, with p in [1/2, 2), is formed in one step. */
const oneStep: Readonly<Record<Float, readonly [number, number]>> = { f32: [-100, 127], f64: [-1000, 1023] }

/**
 * p 2^n for p in [1/2, 2) and integral n, for every n down to where the result is 0 and up to one above the largest
 * exponent: two exact scalings, of which only the last can round (into the denormals) or overflow.
 */
export const scale = ({ clamp, mul, pow2, sub }: Arithmetic, p: Register, n: Register, dtype: Float): Register => {
  const first = clamp(n, ...oneStep[dtype])
  return mul(mul(p, pow2(first)), pow2(sub(n, first)))
}
