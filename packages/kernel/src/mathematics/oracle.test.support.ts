/** An independent oracle for the scalar functions: textbook series in exact integer arithmetic. */
import {
  div,
  type Exact,
  exact,
  exponential,
  exponentialFixed,
  fixed,
  logarithm,
  one,
  P,
  pi,
  result,
  shift,
  sine
} from "./fixed-point.test.support.ts"
import { special } from "./oracle-special.test.support.ts"

export { type Exact, exact, ulpError } from "./fixed-point.test.support.ts"
export { approximately, polygammaOracle } from "./oracle-special.test.support.ts"

const sigmoid = (x: number): Exact => {
  const { value, k } = exponential(fixed(x))
  return k > 200 ? result(one) : result(div(value, one + shift(value, k)), k)
}

/** The functions of one operand on finite floats of ordinary size (not below 2^-120, but for log and exp). */
export const oracle = {
  exp: (x: number): Exact => {
    const { value, k } = exponential(fixed(x))
    return result(value, k)
  },
  expm1: (x: number): Exact => result(exponentialFixed(fixed(x)) - one),
  log: (x: number): Exact => {
    const { mantissa, exponent } = exact(x)
    return result(logarithm(mantissa, exponent))
  },
  log1p: (x: number): Exact => result(logarithm(one + fixed(x), -P)),
  tanh: (x: number): Exact => {
    const e = exponentialFixed(2n * fixed(x))
    return result(div(e - one, e + one))
  },
  sin: (x: number): Exact => result(sine(fixed(x))),
  cos: (x: number): Exact => result(sine(fixed(x) + (pi >> 1n))),
  sigmoid,
  ...special
}

/** x^y for positive x. */
export const powOracle = (x: number, y: number): Exact => {
  const { mantissa, exponent } = exact(x)
  const factor = exact(y)
  const { value, k } = exponential(shift(logarithm(mantissa, exponent) * factor.mantissa, factor.exponent))
  return result(value, k)
}
