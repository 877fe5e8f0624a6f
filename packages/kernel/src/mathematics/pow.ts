/**
 * pow(x, y) = 2^(y log2|x|), with the logarithm and the product carried in two words (high and low part), so that the
 * error stays small even where the result is huge or tiny.
 */
import { arithmetic, floatOf, type Arithmetic, type BinaryDefinition, type Float } from "./arithmetic.ts"
import type { Register } from "../ir.ts"
import { quadraticTail, scale } from "./exponential.ts"
import { split } from "./logarithm.ts"

interface Table {
  /** 2^h + 1: multiplying by it and subtracting twice leaves the upper half of the bits (Veltkamp). */
  readonly splitter: number
  /** M with 3/2 (2 atanh(s) / s) = 3 + z + z^2 M(z), z = s^2. */
  readonly atanhTail: ReadonlyArray<number>
  /** 2 / (3 ln 2): all of it, its upper half of bits, and the rest. */
  readonly factor: readonly [number, number, number]
  /** ln 2: all of it, its upper half of bits, and the rest. */
  readonly ln2: readonly [number, number, number]
  /** Exponents beyond which the result is 0, 1 or Infinity for every x. */
  readonly largestY: number
  /** Range of y log2|x| beyond which the result is 0 or Infinity. */
  readonly range: readonly [number, number]
}

/**
 * M: minimax of the relative error of atanh on [sqrt(1/2), sqrt(2)] by Remez exchange in 60 digits, coefficients
 * rounded to the dtype one after another, the rest fitted again each time. Errors 2^-36.7 (f32) and 2^-66.2 (f64).
 */
const tables: Readonly<Record<Float, Table>> = {
  f32: {
    splitter: 2 ** 12 + 1,
    atanhTail: [0.6000023484230042, 0.4281998872756958, 0.35145696997642517],
    factor: [0.9617967009544373, 0.9619140625, -0.00011736857413779944],
    ln2: [0.6931471824645996, 0.693115234375, 3.194618329871446e-5],
    largestY: 2 ** 40,
    range: [-160, 140]
  },
  f64: {
    splitter: 2 ** 27 + 1,
    atanhTail: [
      0.6000000000000363, 0.42857142855026115, 0.33333333802882126, 0.27272674459977736, 0.23080235563816534,
      0.19882839277264652, 0.1981723307330148
    ],
    factor: [0.9617966939259756, 0.9617967009544373, -7.028461650952758e-9],
    ln2: [0.6931471805599453, 0.6931471824645996, -1.904654299957768e-9],
    largestY: 2 ** 64,
    range: [-1090, 1030]
  }
}

/** A value carried as high + low, where `high` has half of the bits of the dtype: products of two such are exact. */
interface Pair {
  readonly high: Register
  readonly low: Register
}

/** The upper half of the bits of a value. */
const upper = ({ mul, sub }: Arithmetic, x: Register, { splitter }: Table): Register => {
  const wide = mul(x, splitter)
  return sub(wide, sub(wide, x))
}

/** log2(2^k m) for sqrt(1/2) <= m < sqrt(2). */
const logarithm2 = (a: Arithmetic, k: Register, m: Register, table: Table): Pair => {
  const { add, div, mul, polynomial, sub } = a
  // s = f / d, d = m + 1, and what is missing in s.
  const f = sub(m, 1)
  const d = add(m, 1)
  const inverse = div(1, d)
  const s = mul(f, inverse)
  const sHigh = upper(a, s, table)
  const dHigh = upper(a, d, table)
  const dLow = sub(m, sub(dHigh, 1))
  const sLow = mul(sub(sub(f, mul(sHigh, dHigh)), mul(sHigh, dLow)), inverse)
  // 3 + s^2 + s^4 M(s^2), the bracket of 3/2 log(m) = s (...).
  const z = mul(s, s)
  const square = mul(sHigh, sHigh)
  const tail = add(mul(mul(z, z), polynomial(z, table.atanhTail)), mul(sLow, add(sHigh, s)))
  const bracket = upper(a, add(add(square, 3), tail), table)
  const bracketLow = sub(tail, sub(sub(bracket, 3), square))
  // s times the bracket.
  const product = mul(sHigh, bracket)
  const productLow = add(mul(sLow, bracket), mul(bracketLow, s))
  const high = upper(a, add(product, productLow), table)
  const low = sub(productLow, sub(high, product))
  // In base 2, with k added.
  const [factor, factorHigh, factorLow] = table.factor
  const log = mul(high, factorHigh)
  const logLow = add(mul(high, factorLow), mul(low, factor))
  const sum = upper(a, add(add(log, logLow), k), table)
  return { high: sum, low: sub(logLow, sub(sub(sum, k), log)) }
}

/** 2^(high + low). */
const power2 = (a: Arithmetic, { high, low }: Pair, dtype: Float, table: Table): Register => {
  const { add, clamp, mul, nearest, polynomial, sub } = a
  const sum = add(high, low)
  const value = clamp(sum, ...table.range)
  // The clamp matters only where the result is 0 or Infinity anyway: it keeps the numbers finite there.
  const lost = clamp(sub(low, sub(sum, high)), -1, 1)
  const n = nearest(value)
  const t = sub(value, n)
  const tHigh = upper(a, t, table)
  const [ln2, ln2High, ln2Low] = table.ln2
  const product = mul(tHigh, ln2High)
  const productLow = add(mul(tHigh, ln2Low), mul(add(sub(t, tHigh), lost), ln2))
  const r = add(product, productLow)
  const rLow = sub(productLow, sub(r, product))
  const p = add(add(r, add(mul(mul(r, r), polynomial(r, quadraticTail[dtype])), rLow)), 1)
  return scale(a, p, n, dtype)
}

/**
 * x^y, within 1 ulp in f32 and 1.2 ulp in f64 (0.5 ulp for most operands), at least as good where the result is huge,
 * tiny or denormal.
 *
 * The table of IEEE 754: pow(x, +-0) = 1 and pow(1, y) = 1 for every operand, NaN included; a negative base wants an
 * integral exponent (else NaN) and gives the sign of its parity; pow(+-0, y < 0) = Infinity, with the sign of the zero
 * for odd y; pow(-1, +-Infinity) = 1; infinities as limits.
 */
export const pow: BinaryDefinition = (b, x, y) => {
  const a = arithmetic(b, x.type)
  const { abs, add, and, clamp, div, eq, floor, lt, mul, ne, neg, or, select, sub } = a
  const dtype = floatOf(x.type)
  const table = tables[dtype]
  const size = abs(x)
  const { k, m } = split(a, size, dtype)
  const log = logarithm2(a, k, m, table)
  const cut = clamp(y, -table.largestY, table.largestY)
  const yHigh = upper(a, cut, table)
  const low = add(mul(sub(cut, yHigh), log.high), mul(cut, log.low))
  const value = power2(a, { high: mul(yHigh, log.high), low }, dtype, table)
  // The sign, or NaN, of a negative base.
  const half = mul(y, 0.5)
  const isIntegral = eq(floor(y), y)
  const isOdd = and(isIntegral, ne(floor(half), half))
  const signed = select(lt(x, 0), select(isOdd, neg(value), select(isIntegral, value, NaN)), value)
  // Base 0 or Infinity: exactly where half of it is itself.
  const limit = select(lt(y, 0), div(1, x), x)
  const isEnd = and(eq(mul(x, 0.5), x), eq(y, y))
  const ends = select(isEnd, select(isOdd, limit, abs(limit)), signed)
  return select(or(eq(x, 1), eq(y, 0)), 1, ends)
}
