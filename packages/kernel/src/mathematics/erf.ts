/**
 * Below 9/8: erf(x) = x + x A(x^2). Above: sign(x) (1 - B(|x|)^k), where B approximates the k-th root of 1 - erf, which
 * is much smoother than 1 - erf itself; its error shrinks with B^(k - 1), so that few coefficients suffice.
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type Arithmetic, type Float, type UnaryDefinition } from "./arithmetic.ts"

/**
 * A: minimax of the relative error of erf on |x| <= 9/8. B: minimax of the absolute error of B^k on [9/8, end]. Both by
 * Remez exchange in 60 digits, coefficients rounded to the dtype one after another, the rest fitted again each time.
 * Errors A 2^-27.2 (f32), 2^-56.0 (f64); B^k 2^-26.7 (f32), 2^-56.8 (f64). At `end`, B^k is below half an ulp of 1.
 */
const tables: Readonly<
  Record<
    Float,
    {
      readonly near: ReadonlyArray<number>
      readonly far: ReadonlyArray<number>
      /** k = 2^squarings. */
      readonly squarings: number
      readonly end: number
    }
  >
> = {
  f32: {
    near: [
      0.12837916612625122, -0.3761260211467743, 0.11283256113529205, -0.026839224621653557, 0.005160267930477858,
      -0.0007765908376313746, 7.0639252953697e-5
    ],
    far: [
      1.0054988861083984, -0.3087872862815857, -0.06342332065105438, -0.050481852144002914, 0.06612325459718704,
      -0.022213861346244812, 0.0032342798076570034, -0.0001795025891624391
    ],
    squarings: 2,
    end: 3.95
  },
  f64: {
    near: [
      0.12837916709551256, -0.37612638903183676, 0.11283791670951868, -0.02686617064457268, 0.005223977620449683,
      -0.0008548326757059078, 0.00012055323828834928, -1.4925438860071e-5, 1.645875370881394e-6, -1.6328933220390287e-7,
      1.4530361821186325e-8, -1.0921368482876157e-9, 5.265737357707991e-11
    ],
    far: [
      0.9999998349404818, -0.141045877711144, -0.06963679395193072, -0.002072822780723427, 0.006562722459886572,
      0.0002156178886880348, -0.0005337190854171829, 9.654899252056663e-5, -3.0761547982123774e-6,
      -4.016232794362147e-6, 2.4639046959791964e-6, -8.629387442250856e-7, 1.9523818472502735e-7, -3.013582457689321e-8,
      3.236593908978629e-9, -2.3632829191811674e-10, 1.0699680785470232e-11, -2.283655094991568e-13
    ],
    squarings: 3,
    end: 5.97
  }
}

/** Up to here in size `erfNear` is erf. */
export const erfNearEnd = 1.125

/** erf(x) for |x| <= 9/8. */
export const erfNear = ({ add, mul, polynomial }: Arithmetic, x: Register, dtype: Float): Register =>
  add(x, mul(x, polynomial(mul(x, x), tables[dtype].near)))

/**
 * The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x, within 1.6 ulp in f32 and 1.9 ulp in
 * f64, exactly odd.
 *
 * erf(+-Infinity) = +-1, erf(+-0) = +-0, NaN stays.
 */
export const erf: UnaryDefinition = (b, x) => {
  const a = arithmetic(b, x.type)
  const { abs, add, clamp, lt, mul, pmin, polynomial, select, sub } = a
  const dtype = floatOf(x.type)
  const { far, squarings, end } = tables[dtype]
  const size = abs(x)
  const inner = erfNear(a, x, dtype)
  // B, what its last rounding lost, and B^2 with it: the error of B is multiplied by k, too often in f64.
  const [first = 0, ...others] = far
  const cut = pmin(size, end)
  const change = mul(cut, polynomial(cut, others))
  const root = add(change, first)
  const square = mul(root, root)
  const exacter = dtype === "f32" ? square : add(square, mul(mul(root, 2), add(sub(a.constant(first), root), change)))
  const rest = Array.from({ length: squarings - 1 }).reduce<Register>((value) => mul(value, value), exacter)
  // Where this branch is taken |x| > 1, so that x cut to [-1, 1] is its sign.
  return select(lt(size, erfNearEnd), inner, mul(clamp(x, -1, 1), sub(1, rest)))
}
