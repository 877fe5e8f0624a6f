/** log10(x) = log10(2) log2(x), both carried in two words: exact at the powers of 10 that are floats. */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { logarithm2 } from "./binary-logarithm.ts"
import { logarithmEnds, split } from "./logarithm.ts"

/** log10(2): all of it, its upper half of bits, and the rest. */
const log10of2: Readonly<Record<Float, readonly [number, number, number]>> = {
  f32: [0.3010300099849701, 0.301025390625, 4.605039066518657e-6],
  f64: [0.3010299956639812, 0.3010299950838089, 5.801722962879576e-10]
}

/**
 * The logarithm to base 10, exact at the powers of 10; accuracy in docs/numerics.md.
 *
 * log10(+-0) = -Infinity, log10(1) = 0, log10(Infinity) = Infinity, NaN for negative x and for NaN.
 */
export const log10: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { add, mul } = a
  const dtype = floatOf(x.type)
  const [factor, factorHigh, factorLow] = log10of2[dtype]
  const { k, m } = split(a, x, dtype)
  const { high, low } = logarithm2(a, k, m, dtype)
  return logarithmEnds(a, x, add(mul(high, factorHigh), add(mul(high, factorLow), mul(low, factor))))
}
