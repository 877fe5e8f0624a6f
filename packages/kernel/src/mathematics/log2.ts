/** log2(x) = k + log2(m) with x = 2^k m, carried in two words, see pow.ts: exact at the powers of 2. */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { logarithm2 } from "./binary-logarithm.ts"
import { logarithmEnds, split } from "./logarithm.ts"

/**
 * The logarithm to base 2, exact at the powers of 2, denormal operands included; accuracy in docs/numerics.md.
 *
 * log2(+-0) = -Infinity, log2(1) = 0, log2(Infinity) = Infinity, NaN for negative x and for NaN.
 */
export const log2: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const { k, m } = split(a, x, dtype)
  const { high, low } = logarithm2(a, k, m, dtype)
  return logarithmEnds(a, x, a.add(high, low))
}
