/**
 * With y = x - n in [5/4, 9/4) for a whole number n: lgamma(y) = (y - 2) L(y), and lgamma(x) differs from it by the
 * logarithm of the product of the factors between. From `large` on, Stirling's formula
 * lgamma(x) = (x - 1/2) (log x - 1) + (log(2 pi) - 1)/2 + S(1/x^2) / x. Below -1/2 the reflection formula.
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type Arithmetic, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { log } from "./log.ts"
import { sine } from "./trigonometric.ts"

/**
 * L on [5/4, 9/4], a polynomial in y - center, and S on x >= large: minimax of the relative error of lgamma by Remez
 * exchange in 50 digits, coefficients rounded to the dtype one after another, the rest fitted again each time. Errors L
 * 2^-28.0 (f32), 2^-57.9 (f64); S 2^-30.7 (f32), 2^-61.2 (f64). The center is where rounding the first coefficient
 * happens to change it little.
 */
const tables: Readonly<
  Record<
    Float,
    {
      readonly center: number
      readonly near: ReadonlyArray<number>
      readonly far: ReadonlyArray<number>
      readonly large: number
    }
  >
> = {
  f32: {
    center: 1.609375,
    near: [
      0.28511345386505127, 0.3866853415966034, -0.10049743205308914, 0.038522955030202866, -0.017349425703287125,
      0.008487065322697163, -0.0043686069548130035, 0.0024596319999545813, -0.0014465050771832466, 0.0005278686294332147
    ],
    far: [0.08333322405815125, -0.002771854167804122, 0.0006933348486199975],
    large: 4.25
  },
  f64: {
    center: 1.703125,
    near: [
      0.32051238790714465, 0.36880372404598455, -0.09051273692972148, 0.032697309916911436, -0.013878164150252953,
      0.0064172781797698945, -0.0031243095924727475, 0.0015731461108711158, -0.0008108001448076293,
      0.0004250356236869992, -0.0002256888278345437, 0.00012103975676312995, -6.543453290673163e-5,
      3.565726590923421e-5, -1.9578043891357933e-5, 1.0589137605071502e-5, -5.5967975430825514e-6, 3.509937550081836e-6,
      -2.525440548692758e-6, 1.0120522570127323e-6
    ],
    far: [
      0.08333333333333057, -0.00277777777526749, 0.0007936500007982004, -0.0005951195809530807, 0.0008325534463300164,
      -0.0015521018322830942
    ],
    large: 7.25
  }
}

/** (log(2 pi) - 1) / 2. */
const stirling = 0.4189385332046727

/** lgamma(x) for x >= -1/2. */
const rightOfHalf = (b: Parameters<UnaryDefinition>[0], a: Arithmetic, x: Register): Register => {
  const { abs, add, div, floor, gt, lt, mul, neg, polynomial, select, sub } = a
  const { center, near, far, large } = tables[floatOf(x.type)]
  const n = sub(floor(sub(x, 0.25)), 1)
  const d = sub(x, add(n, 2))
  // (x - 1) (x - 2) ... (x - n) above, x or x (x + 1) below 5/4.
  const factors = Array.from({ length: Math.floor(large) - 2 }, (_, j) => j + 1)
  const above = factors.reduce<Register>(
    (product, j) => mul(product, select(gt(n, j - 0.5), sub(x, j), 1)),
    a.constant(1)
  )
  const below = mul(x, select(gt(n, -1.5), 1, add(x, 1)))
  const isBelow = lt(n, 0)
  const isSmall = lt(x, large)
  const logarithm = log(b, select(isSmall, select(isBelow, abs(below), above), x))
  const small = add(mul(d, polynomial(add(d, 2 - center), near)), select(isBelow, neg(logarithm), logarithm))
  const inverse = div(1, x)
  const rest = add(mul(inverse, polynomial(mul(inverse, inverse), far)), stirling)
  return select(isSmall, small, add(mul(sub(x, 0.5), sub(logarithm, 1)), rest))
}

/**
 * The logarithm of |Gamma(x)|; accuracy in docs/numerics.md.
 *
 * lgamma(1) = lgamma(2) = 0, Infinity at 0, at the negative whole numbers and at +-Infinity, NaN stays. Between negative
 * whole numbers it has zeros, near which it is accurate absolutely, not relatively.
 */
export const lgamma: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { abs, and, div, eq, lt, mul, nearest, select, sub } = a
  const isLeft = lt(x, -0.5)
  const size = select(isLeft, abs(x), x)
  const whole = nearest(size)
  const value = rightOfHalf(b, a, size)
  // |Gamma(x)| |Gamma(-x)| = pi / |x sin(pi x)|.
  const wave = abs(sine(a, mul(sub(size, whole), Math.PI), floatOf(x.type)))
  const reflected = sub(log(b, div(Math.PI, mul(size, wave))), value)
  return select(isLeft, select(and(isLeft, eq(size, whole)), Infinity, reflected), value)
}
