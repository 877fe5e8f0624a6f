/**
 * The hyperbolic cotangent behind tanh and sigmoid: r coth(r) = 1 + z C(z) with z = r^2, analytic up to |r| < pi and
 * close to 1, so that tanh(r) = r / (1 + z C(z)) needs very few coefficients.
 */
import type { Float } from "./arithmetic.ts"

/**
 * C: minimax of the relative error of r coth(r) on |r| <= 1.01 ln(2)/4 by Remez exchange in 60 digits, coefficients
 * rounded to the dtype one after another, the rest fitted again each time. Errors 2^-28.7 (f32) and
 * 2^-59.9 (f64).
 */
export const cothTail: Readonly<Record<Float, ReadonlyArray<number>>> = {
  f32: [0.33333247900009155, -0.02213209494948387],
  f64: [0.3333333333333319, -0.022222222221567424, 0.0021164020176257245, -0.0002116337138689731, 2.1183701702585286e-5]
}
