/** sin(x) = (-1)^n sin(x - n pi) with n = nearest(x / pi), see trigonometric.ts. */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { remainderOfHalf, inversePi, sineNear } from "./trigonometric.ts"

/**
 * The sine, exactly odd; within 2 ulp for |x| <= 102,942 (f32) and 843,314,854 (f64), see trigonometric.ts.
 *
 * sin(+-0) = +-0, NaN for larger operands, for +-Infinity and for NaN.
 */
export const sin: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { eq, mul, select, whole } = a
  const dtype = floatOf(x.type)
  const n = whole(mul(x, inversePi))
  const sign = mul(remainderOfHalf(a, n, -0.25, dtype), -4)
  return select(eq(x, 0), x, mul(sineNear(a, x, n, dtype), sign))
}
