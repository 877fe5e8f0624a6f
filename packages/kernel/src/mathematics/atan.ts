/**
 * With a = |x|, atan(a) is the angle of the line through (1, a). Turned back by 0, pi/4 or pi/2, its slope t is at most
 * 9/16, and atan(a) = turn + atan(t), where
 *
 *     a <= 9/16: t = a            9/16 < a <= 5/2: t = (a - 1) / (a + 1)            above: t = -1 / a
 */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"

/**
 * A with atan(t) = t + t z A(z), z = t^2: minimax of the relative error of atan on |t| <= 0.5626 by Remez exchange in 50
 * digits, coefficients rounded to the dtype one after another, the rest fitted again each time. Errors 2^-29.7 (f32) and
 * 2^-57.8 (f64).
 */
const atanTail: Readonly<Record<Float, ReadonlyArray<number>>> = {
  f32: [
    -0.3333331048488617, 0.19998563826084137, -0.1425534337759018, 0.1081007793545723, -0.07521859556436539,
    0.0326746441423893
  ],
  f64: [
    -0.3333333333333302, 0.19999999999920898, -0.1428571427870404, 0.11111110797377, -0.09090900780629095,
    0.07692165584732777, -0.06665014436962323, 0.05868879228219457, -0.05184772623818221, 0.04434598915172097,
    -0.03369533475076592, 0.019239684676820114, -0.0058410066888103
  ]
}

/** pi/4 = high + low. */
const quarter: Readonly<Record<Float, readonly [number, number]>> = {
  f32: [0.7853981852531433, -2.1855694143368964e-8],
  f64: [0.7853981633974483, 3.061616997868383e-17]
}

/**
 * The inverse tangent, an angle in [-pi/2, pi/2], exactly odd; accuracy in docs/numerics.md.
 *
 * atan(+-Infinity) = +-pi/2, atan(+-0) = +-0, NaN stays.
 */
export const atan: UnaryDefinition = (b, x) => {
  const { abs, add, div, gt, lt, eq, mul, neg, polynomial, select, sub } = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const [high, low] = quarter[dtype]
  const size = abs(x)
  const isMiddle = gt(size, 0.5625)
  const isLarge = gt(size, 2.5)
  const t = div(
    select(isLarge, -1, select(isMiddle, sub(size, 1), size)),
    select(isLarge, size, select(isMiddle, add(size, 1), 1))
  )
  const z = mul(t, t)
  const turn = select(isLarge, 2 * high, select(isMiddle, high, 0))
  const rest = select(isLarge, 2 * low, select(isMiddle, low, 0))
  const angle = add(turn, add(t, add(mul(t, mul(z, polynomial(z, atanTail[dtype]))), rest)))
  return select(eq(x, 0), x, select(lt(x, 0), neg(angle), angle))
}
