/** cos(x) = (-1)^(n + 1) sin(x - (n + 1/2) pi) with n = floor(x / pi), see trigonometric.ts. */
import { arithmetic, floatOf, type UnaryDefinition } from "./arithmetic.ts"
import { remainderOfHalf, inversePi, sineNear } from "./trigonometric.ts"

/**
 * The cosine; within 2 ulp for |x| <= 102,942 (f32) and 843,314,854 (f64), see trigonometric.ts.
 *
 * cos(+-0) = 1, NaN for larger operands, for +-Infinity and for NaN.
 */
export const cos: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { add, floor, mul, sub, whole } = a
  const dtype = floatOf(x.type)
  const turns = mul(x, inversePi)
  // Rounding down is one operation in f32, and one that V8 cannot pair in f64.
  const m = add(dtype === "f32" ? floor(turns) : whole(sub(turns, 0.5)), 0.5)
  const sign = mul(remainderOfHalf(a, m, 0, dtype), -4)
  return mul(sineNear(a, x, m, dtype), sign)
}
