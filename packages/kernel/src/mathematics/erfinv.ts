/**
 * erfinv(x) = x F(w) with w = -log((1 - x)(1 + x)): the variable in which the function bends least. F is a polynomial in
 * w while w is small, and in sqrt(w), which it grows like, where it is not. Giles, Approximating the erfinv function,
 * GPU Computing Gems 2 (2011); the coefficients are our own.
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { log } from "./log.ts"

/** F as a polynomial in its variable minus `center`, for values of the variable up to `end`. */
interface Piece {
  readonly center: number
  readonly end: number
  readonly f: ReadonlyArray<number>
}

/**
 * F on w <= 5 in w, and above in sqrt(w), as far as the floats next to 1 reach (w = 15.95 in f32, 36.05 in f64): minimax
 * of the relative error by Remez exchange in 50 digits, coefficients rounded to the dtype one after another, the rest
 * fitted again each time. Errors 2^-27.2 (f32); 2^-56.0, 2^-55.8 and 2^-55.6 (f64). The centers are where rounding the
 * first coefficient happens to change it least.
 */
const tables: Readonly<Record<Float, { readonly near: Piece; readonly far: ReadonlyArray<Piece> }>> = {
  f32: {
    near: {
      center: 2.28125,
      end: 5,
      f: [
        1.4472705125808716, 0.24827885627746582, -0.0032921815291047096, -0.0014453913317993283, 0.00022111654106993228,
        2.7387740075823785e-8, -4.136735697102267e-6, 4.1137622019959963e-7, 4.047295476539148e-8, -8.843756837961791e-9
      ]
    },
    far: [
      {
        center: 2.921875,
        end: 4,
        f: [
          2.7547824382781982, 1.0000478029251099, 0.011462405323982239, -0.00964886974543333, 0.007220801431685686,
          -0.004287987947463989, 0.0014798500342294574, 0.00014938920503482223, -0.00041052361484616995,
          0.00012993489508517087
        ]
      }
    ]
  },
  f64: {
    near: {
      center: 2.296875,
      end: 5,
      f: [
        1.4511490615770957, 0.24817490103633214, -0.003359591088038252, -0.0014314967336202448, 0.00022107153363212456,
        -4.2598201268911297e-7, -4.073857517690424e-6, 4.399535830725653e-7, 3.4765063485967535e-8,
        -1.237465994880182e-8, 5.541664065125095e-10, 1.965564159506632e-10, -3.122303762275233e-11,
        -9.227090701253225e-13, 7.424712685949645e-13, -5.472688440096914e-14, -1.0175282652655761e-14,
        2.0670403736895357e-15, 2.4133406689067913e-17, -3.668776904160275e-17, 1.6671966888402518e-18,
        2.0917735687297317e-19
      ]
    },
    far: [
      {
        center: 2.890625,
        end: 3.6,
        f: [
          2.7235424344338997, 0.9993023006393461, 0.012411496761532068, -0.010596102301701318, 0.007901206905168549,
          -0.004545290003819334, 0.0014791192845106174, 0.00019327095349287992, -0.0005038398127048273,
          0.0002344311560995156, 2.6077514378118365e-7, -5.599504767757943e-5, 2.7264004469645305e-5,
          -4.810376095677175e-7, -5.754655815459312e-6, 2.782789708926582e-6, -1.6275975723295706e-8,
          -5.406144329309377e-7, 1.719748263560828e-7, 1.008612571073246e-8
        ]
      },
      {
        center: 4.703125,
        end: 6.005,
        f: [
          4.549967490186255, 1.0103171886917464, 9.870900449133884e-5, -0.00032529381587927147, 0.00011225299255966165,
          -3.00067390922973e-5, 7.37345187640021e-6, -1.9010519858251455e-6, 6.341642297791698e-7,
          -2.996063403031246e-7, 1.638127058588452e-7, -8.439969352245054e-8, 3.693395761033229e-8,
          -1.2690176675461666e-8, 2.908670868120889e-9, -5.434127623479546e-12, -4.547510619054795e-10,
          2.6406347001578355e-10, -5.765724355196256e-11, -6.32623110367636e-12, 3.657322868975284e-12
        ]
      }
    ]
  }
}

/**
 * The inverse of the error function on [-1, 1], exactly odd; accuracy in docs/numerics.md.
 *
 * erfinv(+-1) = +-Infinity, erfinv(+-0) = +-0, NaN for |x| > 1 and for NaN.
 */
export const erfinv: UnaryDefinition = (b, x) => {
  const { abs, add, clamp, eq, lt, mul, neg, polynomial, select, sub } = arithmetic(b, x.type)
  const { near, far } = tables[floatOf(x.type)]
  const size = abs(x)
  const w = neg(log(b, mul(sub(1, size), add(size, 1))))
  const root = b.unary("sqrt", w)
  const piece = (variable: Register, { center, end, f }: Piece): Register =>
    polynomial(sub(clamp(variable, 0, end), center), f)
  const f = far.reduceRight<Register | undefined>((above, p) => {
    const value = piece(root, p)
    return above === undefined ? value : select(lt(root, p.end), value, above)
  }, undefined)
  const smooth = piece(w, near)
  const factor = f === undefined ? smooth : select(lt(w, near.end), smooth, f)
  return select(eq(size, 1), mul(x, Infinity), mul(x, factor))
}
