/**
 * Up to 0.47, where it is above 1/2, erfc(x) = 1 - erf(x). From there on erfc(x) = e^(-x^2) G(q) / (1 + 2x), where G is
 * close to constant over the whole half line in q = (x - k) / (x + k). Shepherd, Laframboise, Mathematics of
 * Computation 36 (1981). Below -9/8, erfc(x) = 2 - erfc(-x).
 */
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { erfNear, erfNearEnd } from "./erf.ts"
import { quadraticTail, reduce, scale } from "./exponential.ts"
import { upper } from "./two-words.ts"

/**
 * G: minimax of the relative error of (1 + 2x) e^(x^2) erfc(x) for x from 0.469 to `end` by Remez exchange in 50 digits,
 * coefficients rounded to the dtype one after another, the rest fitted again each time. Errors 2^-27.1 (f32) and
 * 2^-56.7 (f64). Beyond `end` the result is 0.
 */
const tables: Readonly<Record<Float, { readonly k: number; readonly end: number; readonly g: ReadonlyArray<number> }>> =
  {
    f32: {
      k: 2,
      end: 10.6,
      g: [
        1.2769783735275269, -0.09276380389928818, -0.16603046655654907, 0.16404946148395538, -0.05421387031674385,
        -0.008009702898561954, 0.00866539217531681, 0.001155993202701211, -0.0012694449396803975,
        -0.00023448755382560194
      ]
    },
    f64: {
      k: 3.5,
      end: 28,
      g: [
        1.2423492448711544, -0.1400091801376194, -0.010555596332221874, 0.09751909515325592, -0.11508959815999181,
        0.08798315382495618, -0.04882332583223024, 0.019099330941151797, -0.004215019860344305, -0.0003022678693955051,
        0.0005643841197031836, -0.00012151244210958981, -4.278109448457611e-5, 2.426091460303783e-5,
        2.3256289922967948e-6, -3.8141455370972647e-6, -4.041864682664401e-8, 5.995704697365273e-7,
        -1.094685937025083e-8, -9.238358493572811e-8, 1.5874319091877955e-9, 1.0132520357521574e-8
      ]
    }
  }

/** Above this the result is below 1/2, and no longer 1 - erf. */
const border = 0.47

/**
 * The complementary error function 1 - erf(x), relatively accurate where it is small, down through the denormals;
 * accuracy in docs/numerics.md.
 *
 * erfc(Infinity) = 0, erfc(-Infinity) = 2, erfc(+-0) = 1, NaN stays.
 */
export const erfc: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { abs, add, clamp, div, gt, lt, mul, neg, polynomial, select, sub } = a
  const dtype = floatOf(x.type)
  const { k, end, g } = tables[dtype]
  const size = clamp(abs(x), border, end)
  // e^(-size^2): the square as a sum of two parts, of which the second is small.
  const high = upper(a, size, dtype)
  const low = sub(size, high)
  const square = mul(size, size)
  const lost = add(add(sub(mul(high, high), square), mul(mul(high, low), 2)), mul(low, low))
  const reduced = reduce(a, neg(square), dtype, 1)
  const rest = add(reduced.low, lost)
  const r = sub(reduced.high, rest)
  const power = add(add(reduced.high, sub(mul(mul(r, r), polynomial(r, quadraticTail[dtype])), rest)), 1)
  const scaled = div(polynomial(div(sub(size, k), add(size, k)), g), add(mul(size, 2), 1))
  const tail = scale(a, mul(power, scaled), reduced.n, dtype)
  const near = sub(1, erfNear(a, x, dtype))
  return select(gt(x, border), tail, select(lt(x, -erfNearEnd), sub(2, tail), near))
}
