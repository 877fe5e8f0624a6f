/**
 * pow(x, y) = 2^(y log2|x|), with the logarithm and the product carried in two words (high and low part), so that the
 * error stays small even where the result is huge or tiny.
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type Arithmetic, type BinaryDefinition, type Float } from "./arithmetic.ts"
import { logarithm2 } from "./binary-logarithm.ts"
import { quadraticTail, scale } from "./exponential.ts"
import { split } from "./logarithm.ts"
import { type Pair, upper } from "./two-words.ts"

interface Table {
  /** ln 2: all of it, its upper half of bits, and the rest. */
  readonly ln2: readonly [number, number, number]
  /** Exponents beyond which the result is 0, 1 or Infinity for every x. */
  readonly largestY: number
  /** Range of y log2|x| beyond which the result is 0 or Infinity. */
  readonly range: readonly [number, number]
}

const tables: Readonly<Record<Float, Table>> = {
  f32: { ln2: [0.6931471824645996, 0.693115234375, 3.194618329871446e-5], largestY: 2 ** 40, range: [-160, 140] },
  f64: {
    ln2: [0.6931471805599453, 0.6931471824645996, -1.904654299957768e-9],
    largestY: 2 ** 64,
    range: [-1090, 1030]
  }
}

/** 2^(high + low). */
const power2 = (a: Arithmetic, { high, low }: Pair, dtype: Float, table: Table): Register => {
  const { add, clamp, mul, polynomial, sub, whole } = a
  const sum = add(high, low)
  const value = clamp(sum, ...table.range)
  // The clamp matters only where the result is 0 or Infinity anyway: it keeps the numbers finite there.
  const lost = clamp(sub(low, sub(sum, high)), -1, 1)
  const n = whole(value)
  const t = sub(value, n)
  const tHigh = upper(a, t, dtype)
  const [ln2, ln2High, ln2Low] = table.ln2
  const product = mul(tHigh, ln2High)
  const productLow = add(mul(tHigh, ln2Low), mul(add(sub(t, tHigh), lost), ln2))
  const r = add(product, productLow)
  const rLow = sub(productLow, sub(r, product))
  const p = add(add(r, add(mul(mul(r, r), polynomial(r, quadraticTail[dtype])), rLow)), 1)
  return scale(a, p, n, dtype)
}

/**
 * x^y, within 1 ulp in f32 and 1.5 ulp in f64 (0.5 ulp for most operands), at least as good where the result is huge,
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
  const log = logarithm2(a, k, m, dtype)
  const cut = clamp(y, -table.largestY, table.largestY)
  const yHigh = upper(a, cut, dtype)
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
