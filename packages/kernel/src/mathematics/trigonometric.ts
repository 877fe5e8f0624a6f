/**
 * What sin and cos share: the reduction by multiples of pi and the sine on [-pi/2, pi/2].
 *
 * pi stands as the sum of four parts (Cody and Waite). The first three have 8 bits in f32 and 24 bits in f64, so that
 * a multiple m pi with 2 m < 2^16 (f32) or 2^29 (f64) is subtracted exactly but for one last rounding. This covers
 * |x| <= 102,943 = 2^15 pi in f32 and |x| <= 843,314,856 = 2^28 pi in f64. There the result is within 2 ulp, and where
 * it is small because x is near one of its zeros, within 2^-36 (f32) or 2^-98 (f64) if that is more. Beyond, accuracy
 * is lost gradually and in the end totally, but the result stays in [-1, 1].
 */
import type { Register } from "../ir.ts"
import type { Arithmetic, Float } from "./arithmetic.ts"

const pi: Readonly<Record<Float, readonly [number, number, number, number]>> = {
  f32: [3.140625, 0.00096893310546875, -1.2814998626708984e-6, 1.984187258941006e-9],
  f64: [3.1415927410125732, -8.742277657347586e-8, -3.4302490200117637e-15, 2.1125998133974855e-23]
}

/** 1 / pi. */
export const inversePi = 0.3183098861837907

/**
 * S with sin(r) = r + r z S(z), z = r^2: minimax of the relative error of the sine on |r| <= 1.001 pi/2 by Remez
 * exchange in 60 digits, coefficients rounded to the dtype one after another, the rest fitted again each time.
 * Errors 2^-27.2 (f32) and 2^-61.5 (f64).
 */
const sineTail: Readonly<Record<Float, ReadonlyArray<number>>> = {
  f32: [-0.16666659712791443, 0.008333069272339344, -0.00019809768127743155, 2.6060538402816746e-6],
  f64: [
    -0.16666666666666666, 0.008333333333333207, -0.00019841269841212476, 2.7557319211568402e-6, -2.5052106904259352e-8,
    1.6058940990468167e-10, -7.643018960486334e-13, 2.721414048693438e-15
  ]
}

/** sin(r) for |r| <= 1.001 pi/2. */
export const sine = ({ add, mul, polynomial }: Arithmetic, r: Register, dtype: Float): Register => {
  const z = mul(r, r)
  return add(r, mul(z, mul(r, polynomial(z, sineTail[dtype]))))
}

/** sin(x - m pi) for |x - m pi| <= pi/2; larger differences are cut to 1.58. */
export const sineNear = (a: Arithmetic, x: Register, m: Register, dtype: Float): Register => {
  const { add, clamp, mul, sub } = a
  const [first, second, third, fourth] = pi[dtype]
  const rest = sub(sub(x, mul(m, first)), mul(m, second))
  const part = mul(m, third)
  const high = sub(rest, part)
  // What the subtraction above lost, and the last part of pi: one rounding for both.
  const low = sub(sub(sub(rest, high), part), mul(m, fourth))
  return sine(a, clamp(add(high, low), -1.58, 1.58), dtype)
}

/** (-1)^n for integral n. */
export const alternating = ({ floor, mul, sub }: Arithmetic, n: Register): Register => {
  const half = mul(n, 0.5)
  return sub(1, mul(sub(half, floor(half)), 4))
}
