/** sin(x) = (-1)^n sin(x - n pi) with n = nearest(x / pi), see trigonometric.ts. */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { alternating, inversePi, sineNear } from "./trigonometric.ts"

/**
 * The sine, exactly odd; range and accuracy in trigonometric.ts.
 *
 * sin(+-0) = +-0, NaN for +-Infinity and for NaN.
 */
export const sin: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { eq, mul, nearest, select } = a
  const n = nearest(mul(x, inversePi))
  return select(eq(x, 0), x, mul(sineNear(a, x, n, floatOf(x.type)), alternating(a, n)))
}
