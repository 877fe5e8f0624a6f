/** cos(x) = (-1)^(n + 1) sin(x - (n + 1/2) pi) with n = floor(x / pi), see trigonometric.ts. */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { alternating, inversePi, sineNear } from "./trigonometric.ts"

/**
 * The cosine; range and accuracy in trigonometric.ts.
 *
 * cos(+-0) = 1, NaN for +-Infinity and for NaN.
 */
export const cos: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { add, floor, mul } = a
  const n = floor(mul(x, inversePi))
  return mul(sineNear(a, x, add(n, 0.5), floatOf(x.type)), alternating(a, add(n, 1)))
}
