/**
 * The remainder by long division. With |x| = m 2^e and |y| = d 2^f, 1 <= m, d < 2: the remainder of m 2^(e - f) by d, some
 * bits of the quotient at a time, times 2^f. Each digit n has so few bits that n times half of the bits of d is exact, and
 * so are all the differences.
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type BinaryDefinition, type Float } from "./arithmetic.ts"
import { upper } from "./two-words.ts"

/**
 * The bits of a digit, how many digits the longest quotient of two floats has, the size below which floats are scaled
 * up to be normal, by how many powers of 2, and down to which exponent one scaling is exact.
 */
const tables: Readonly<
  Record<
    Float,
    {
      readonly bits: number
      readonly digits: number
      readonly small: number
      readonly up: number
      readonly least: number
    }
  >
> = {
  f32: { bits: 11, digits: 26, small: 2 ** -100, up: 64, least: -100 },
  f64: { bits: 26, digits: 81, small: 2 ** -1000, up: 128, least: -1000 }
}

/**
 * The remainder x - n y with n = trunc(x / y), exact for all operands, however large the quotient; it has the sign of x.
 * This is C's fmod.
 *
 * NaN for y = 0, for infinite x and for NaN; x itself for infinite y.
 */
export const remainder: BinaryDefinition = (b, x, y) => {
  const a = arithmetic(b, x.type)
  const { abs, add, and, constant, div, exponent, gt, lt, mul, neg, pmin, pow2, select, sub } = a
  const dtype = floatOf(x.type)
  const { bits, digits, small, up, least } = tables[dtype]
  /** A positive finite float as m 2^e with 1 <= m < 2. */
  const parts = (size: Register): { readonly m: Register; readonly e: Register } => {
    const isSmall = lt(size, small)
    const normal = mul(size, select(isSmall, 2 ** up, 1))
    return { m: b.unary("mantissa", normal), e: sub(exponent(normal), select(isSmall, up, 0)) }
  }
  const [sizeX, sizeY] = [abs(x), abs(y)]
  const { m, e } = parts(sizeX)
  const { m: d, e: f } = parts(sizeY)
  const high = upper(a, d, dtype)
  const low = sub(d, high)
  const rest = b.variable(m)
  const shift = b.variable(sub(e, f))
  const most = constant(bits)
  b.loop(digits, 1, () => {
    const k = pmin(shift, most)
    const scaled = mul(rest, pow2(k))
    const n = b.unary("trunc", div(scaled, d))
    const left = sub(sub(scaled, mul(n, high)), mul(n, low))
    // The quotient was rounded: where it was rounded up to n, one d too much has been taken.
    b.assign(rest, select(lt(left, 0), add(left, d), left))
    b.assign(shift, sub(shift, k))
  })
  // 2^f in two steps: the first exact, and the second too, because the remainder is a multiple of the last bit of y.
  const first = select(lt(f, least), least, f)
  const size = mul(mul(rest, pow2(first)), pow2(sub(f, first)))
  const signed = select(lt(x, 0), neg(size), size)
  const isDefined = and(lt(sizeX, Infinity), gt(sizeY, 0))
  // A zero remainder has the sign of x; -0 itself is below every y.
  return select(isDefined, select(lt(sizeX, sizeY), x, signed), NaN)
}
