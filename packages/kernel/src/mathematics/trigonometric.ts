/**
 * What sin and cos share: the reduction by multiples of pi and the sine on [-pi/2, pi/2].
 *
 * pi stands as a sum of parts (Cody and Waite). All but the last have so few bits that their products with m are exact
 * where 2 m < 2^16 (f32) or 2^29 (f64): for |x| <= 102,942 < 2^15 pi in f32 and |x| <= 843,314,854 < 2^28 pi in f64. There
 * the result is within 2 ulp, next to a zero of sin or cos too, where the differences that cancel are exact.
 *
 * From one half turn later on the result is NaN. An exact reduction of larger operands takes a table of 1/pi, 200 bits in
 * f32 and 1200 in f64, looked up lane by lane; without branches in kernels every operand would pay for it.
 */
import type { Register } from "../ir.ts"
import type { Arithmetic, Float } from "./arithmetic.ts"

interface Table {
  /** The parts whose products are subtracted exactly. */
  readonly exact: ReadonlyArray<number>
  /** The parts after them: one whose subtraction may round, one that is exact next to zeros, and the rest. */
  readonly rest: readonly [number, number, number]
  /** Its products with the smallest m that is refused are infinite. */
  readonly overflow: number
}

const tables: Readonly<Record<Float, Table>> = {
  f32: {
    exact: [3.140625, 0.00096893310546875, -1.1920928955078125e-6],
    rest: [-8.754432201385498e-8, 1.2187229003757238e-10, -3.3027991149306435e-13],
    overflow: 2 ** 113
  },
  f64: {
    exact: [3.1415927410125732, -8.742277657347586e-8],
    rest: [-3.4302490200117637e-15, 2.11259979644063e-23, 1.69568553207378e-31],
    overflow: 2 ** 996
  }
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

/** sin(x - m pi) for |x - m pi| <= pi/2. */
export const sineNear = (a: Arithmetic, x: Register, m: Register, dtype: Float): Register => {
  const { add, mul, sub } = a
  const { exact, rest } = tables[dtype]
  const [first, second, third] = rest
  const near = exact.reduce((difference, part) => sub(difference, mul(m, part)), x)
  const part1 = mul(m, first)
  const high1 = sub(near, part1)
  const part2 = mul(m, second)
  const high2 = sub(high1, part2)
  // What the two subtractions lost is put back together with the last part.
  const lost = add(sub(sub(near, high1), part1), sub(sub(high1, high2), part2))
  return sine(a, add(high2, sub(lost, mul(m, third))), dtype)
}

/**
 * What is left of m/2 + shift when the nearest whole number is taken away; NaN for |m| >= 2^15 (f32) or 2^28 (f64), where m
 * is infinite before it is scaled back.
 */
export const remainderOfHalf = (a: Arithmetic, m: Register, shift: number, dtype: Float): Register => {
  const { add, mul, sub, whole } = a
  const { overflow } = tables[dtype]
  const half = mul(mul(m, overflow), 0.5 / overflow)
  const shifted = shift === 0 ? half : add(half, shift)
  return sub(shifted, whole(shifted))
}
