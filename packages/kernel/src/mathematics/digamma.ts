/**
 * digamma, the derivative of lgamma. For y in [1, 2], psi(y) = (y - y0) P(y - 3/2) with its zero y0; up to `large`, psi(x)
 * is psi(y) and the sum of the reciprocals between. From there on psi(x) = log x - 1/(2x) - z D(z) with z = 1/x^2. Below
 * 0 the reflection formula psi(-x) = psi(x) + 1/x + pi cot(pi x).
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type Arithmetic, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { log } from "./log.ts"
import { sine } from "./trigonometric.ts"

/**
 * P on [1, 2] and D on x >= large: minimax of the relative error of psi by Remez exchange in 50 digits, coefficients
 * rounded to the dtype one after another, the rest fitted again each time. Errors P 2^-26.8 (f32), 2^-54.3 (f64);
 * D 2^-31.8 (f32), 2^-59.7 (f64).
 */
const tables: Readonly<
  Record<
    Float,
    {
      readonly near: ReadonlyArray<number>
      readonly far: ReadonlyArray<number>
      readonly large: number
      /** The zero in two parts. */
      readonly zero: readonly [number, number]
    }
  >
> = {
  f32: {
    near: [
      0.9510558843612671, -0.42362743616104126, 0.24054117500782013, -0.14840276539325714, 0.09502118080854416,
      -0.0619952492415905, 0.0404953770339489, -0.026124579831957817, 0.01855848729610443, -0.015757780522108078,
      0.008806128986179829
    ],
    far: [0.08333314955234528, -0.008316732943058014, 0.0035159343387931585],
    large: 4,
    zero: [1.4616321325302124, 1.243815006546356e-8]
  },
  f64: {
    near: [
      0.9510558760318328, -0.42362742128146047, 0.24054248424082758, -0.14840492305393507, 0.09498872444658618,
      -0.06192213326950002, 0.04076083432254999, -0.026975796946021254, 0.01790723646779841, -0.011908212865234585,
      0.007927236367208778, -0.0052800444868747725, 0.0035156842644759037, -0.0023445185362065274,
      0.0015809335562595016, -0.001041987389898967, 0.000609096149247358, -0.00046697429827316365,
      0.0005607561474361958, -0.0001809167206366354, -0.0002908361770277123, -0.00014899494258964566,
      0.0003925660195954266
    ],
    far: [
      0.08333333333332306, -0.008333333324599637, 0.003968251368491385, -0.00416629072637992, 0.007545970568243274,
      -0.019749417620204893, 0.04949848801198783
    ],
    large: 6,
    zero: [1.4616321449683622, 9.549995429965697e-17]
  }
}

/** psi(x) for x >= 0, and 1/x. */
const rightOfZero = (
  b: Parameters<UnaryDefinition>[0],
  a: Arithmetic,
  x: Register
): { readonly value: Register; readonly inverse: Register } => {
  const { add, div, floor, gt, lt, mul, polynomial, select, sub } = a
  const { near, far, large, zero } = tables[floatOf(x.type)]
  const [zeroHigh, zeroLow] = zero
  // y = x - n lies in [1, 2).
  const n = sub(floor(x), 1)
  const isBelow = lt(n, 0)
  const y = sub(x, n)
  // 1/(x - 1) + 1/(x - 2) + ... + 1/y as one fraction; -1/x below 1.
  const terms = Array.from({ length: large - 2 }, (_, j) => j + 1)
  const fraction = terms.reduce<{ readonly top: Register; readonly bottom: Register }>(
    ({ top, bottom }, j) => {
      const isBetween = gt(n, j - 0.5)
      const t = sub(x, j)
      return {
        top: select(isBetween, add(mul(top, t), bottom), top),
        bottom: select(isBetween, mul(bottom, t), bottom)
      }
    },
    { top: a.constant(0), bottom: a.constant(1) }
  )
  const between = div(select(isBelow, -1, fraction.top), select(isBelow, x, fraction.bottom))
  const small = add(mul(sub(sub(y, zeroHigh), zeroLow), polynomial(sub(y, 1.5), near)), between)
  const inverse = div(1, x)
  const z = mul(inverse, inverse)
  const big = sub(log(b, x), add(mul(inverse, 0.5), mul(z, polynomial(z, far))))
  return { value: select(lt(x, large), small, big), inverse }
}

/** cos(pi d) and sin(pi d) for |d| <= 1/2. */
export const circle = (
  a: Arithmetic,
  d: Register,
  dtype: Float
): { readonly cosine: Register; readonly sine: Register } => ({
  cosine: sine(a, a.mul(a.sub(0.5, a.abs(d)), Math.PI), dtype),
  sine: sine(a, a.mul(d, Math.PI), dtype)
})

/**
 * The digamma function, Gamma'(x) / Gamma(x); accuracy in docs/numerics.md.
 *
 * digamma(+-0) = -+Infinity, digamma(Infinity) = Infinity, NaN at the negative whole numbers (where the two sides go to
 * different infinities), at -Infinity and for NaN. Near its zeros on the negative axis it is accurate absolutely, not
 * relatively; near the positive one relatively too.
 */
export const digamma: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { add, abs, div, eq, lt, mul, nearest, select, sub } = a
  const isLeft = lt(x, 0)
  const size = select(isLeft, abs(x), x)
  const { value, inverse } = rightOfZero(b, a, size)
  const whole = nearest(size)
  const turn = circle(a, sub(size, whole), floatOf(x.type))
  const sum = add(add(value, inverse), div(mul(turn.cosine, Math.PI), turn.sine))
  // Next to 0 the three terms may be infinite; there psi(-x) is 1/x.
  const reflected = select(lt(size, 2 ** -60), inverse, sum)
  return select(isLeft, select(eq(size, whole), NaN, reflected), value)
}
