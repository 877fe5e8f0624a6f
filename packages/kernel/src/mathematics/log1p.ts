/**
 * u = 1 + x is rounded; its error c = x - (u - 1) is exact and is added to the fraction: with u = 2^k m,
 * log1p(x) = k ln 2 + log(1 + f), f = (m - 1) + c / 2^k, see logarithm.ts. Where k = 0, f is x itself.
 */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { logarithm, logarithmEnds } from "./logarithm.ts"

/**
 * log(1 + x), accurate for small x, within 1.4 ulp.
 *
 * log1p(+-0) = +-0, log1p(-1) = -Infinity, log1p(Infinity) = Infinity, NaN for x < -1 and for NaN.
 */
export const log1p: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { add, eq, exponent, mul, neg, pow2, select, sub } = a
  const u = add(x, 1)
  const c = sub(x, sub(u, 1))
  // u / 2^e = 4 m: with m itself 2^-k would fall below the smallest normal float for the largest u.
  const e = exponent(mul(u, Math.SQRT2 / 4))
  const unit = pow2(neg(e))
  const f = mul(add(sub(mul(u, unit), 4), mul(c, unit)), 0.25)
  const y = logarithm(a, f, add(e, 2), floatOf(x.type))
  return select(eq(x, 0), x, logarithmEnds(a, u, y))
}
