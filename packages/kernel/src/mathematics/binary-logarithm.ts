/** What pow, log2 and log10 share: the logarithm to base 2 in two words, so that it is known well beyond the dtype. */
import type { Register } from "../ir.ts"
import type { Arithmetic, Float } from "./arithmetic.ts"
import { type Pair, upper } from "./two-words.ts"

interface Table {
  /** M with 3/2 (2 atanh(s) / s) = 3 + z + z^2 M(z), z = s^2. */
  readonly atanhTail: ReadonlyArray<number>
  /** 2 / (3 ln 2): all of it, its upper half of bits, and the rest. */
  readonly factor: readonly [number, number, number]
}

/**
 * M: minimax of the relative error of atanh on [sqrt(1/2), sqrt(2)] by Remez exchange in 60 digits, coefficients
 * rounded to the dtype one after another, the rest fitted again each time. Errors 2^-36.7 (f32) and 2^-66.2 (f64).
 */
const tables: Readonly<Record<Float, Table>> = {
  f32: {
    atanhTail: [0.6000023484230042, 0.4281998872756958, 0.35145696997642517],
    factor: [0.9617967009544373, 0.9619140625, -0.00011736857413779944]
  },
  f64: {
    atanhTail: [
      0.6000000000000363, 0.42857142855026115, 0.33333333802882126, 0.27272674459977736, 0.23080235563816534,
      0.19882839277264652, 0.1981723307330148
    ],
    factor: [0.9617966939259756, 0.9617967009544373, -7.028461650952758e-9]
  }
}

/** log2(2^k m) for sqrt(1/2) <= m < sqrt(2); exactly k where m = 1. */
export const logarithm2 = (a: Arithmetic, k: Register, m: Register, dtype: Float): Pair => {
  const { add, div, mul, polynomial, sub } = a
  const { atanhTail, factor: factors } = tables[dtype]
  // s = f / d, d = m + 1, and what is missing in s.
  const f = sub(m, 1)
  const d = add(m, 1)
  const inverse = div(1, d)
  const s = mul(f, inverse)
  const sHigh = upper(a, s, dtype)
  const dHigh = upper(a, d, dtype)
  const dLow = sub(m, sub(dHigh, 1))
  const sLow = mul(sub(sub(f, mul(sHigh, dHigh)), mul(sHigh, dLow)), inverse)
  // 3 + s^2 + s^4 M(s^2), the bracket of 3/2 log(m) = s (...).
  const z = mul(s, s)
  const square = mul(sHigh, sHigh)
  const tail = add(mul(mul(z, z), polynomial(z, atanhTail)), mul(sLow, add(sHigh, s)))
  const bracket = upper(a, add(add(square, 3), tail), dtype)
  const bracketLow = sub(tail, sub(sub(bracket, 3), square))
  // s times the bracket.
  const product = mul(sHigh, bracket)
  const productLow = add(mul(sLow, bracket), mul(bracketLow, s))
  const high = upper(a, add(product, productLow), dtype)
  const low = sub(productLow, sub(high, product))
  // In base 2, with k added.
  const [factor, factorHigh, factorLow] = factors
  const log = mul(high, factorHigh)
  const logLow = add(mul(high, factorLow), mul(low, factor))
  const sum = upper(a, add(add(log, logLow), k), dtype)
  return { high: sum, low: sub(logLow, sub(sub(sum, k), log)) }
}
