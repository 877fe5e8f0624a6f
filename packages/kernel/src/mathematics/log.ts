/** log(x) = k ln 2 + log(m) with x = 2^k m, see logarithm.ts. */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { logarithm, logarithmEnds, split } from "./logarithm.ts"

/**
 * The natural logarithm, within 0.84 ulp in f32 and 1 ulp in f64, denormal operands included.
 *
 * log(+-0) = -Infinity, log(1) = 0, log(Infinity) = Infinity, NaN for negative x and for NaN.
 */
export const log: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const dtype = floatOf(x.type)
  const { k, m } = split(a, x, dtype)
  return logarithmEnds(a, x, logarithm(a, a.sub(m, 1), k, dtype))
}
