/**
 * The derivatives of digamma: for n >= 1 and x > 0
 *
 *     psi_n(x) = (-1)^(n + 1) n! sum_k 1 / (x + k)^s, s = n + 1
 *
 * The first terms are added up one by one, the others by the formula of Euler and Maclaurin at v = x + N:
 * v^(1 - s) / (s - 1) + v^-s / 2 + sum_j B_2j / (2j)! s (s + 1) ... (s + 2j - 2) v^(1 - s - 2j). Below 0 the reflection
 * formula psi_n(x) = (-1)^n psi_n(1 - x) - pi d^n/dx^n cot(pi x), whose first term is again a sum of positive terms.
 */
import type { Register } from "../ir.ts"
import { arithmetic, floatOf, type Arithmetic, type Float, type UnaryDefinition } from "./arithmetic.ts"
import { circle, digamma } from "./digamma.ts"

/** B_2, B_4, ... */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798]

/** Terms of the formula of Euler and Maclaurin, and how large its first neglected term may be against its sum. */
const precision: Readonly<Record<Float, { readonly terms: number; readonly error: number }>> = {
  f32: { terms: 4, error: 2 ** -30 },
  f64: { terms: 8, error: 2 ** -58 }
}

/** The largest order: beyond, n! pi^n is no float. */
export const largestOrder: Readonly<Record<Float, number>> = { f32: 20, f64: 100 }

/** B_2j / (2j)! s (s + 1) ... (s + 2j - 2). */
const coefficient = (s: number, j: number): number => {
  let value = bernoulli[j - 1] ?? 0
  for (let i = 0; i < 2 * j - 1; i++) value *= (s + i) / (i + 2)
  return value
}

/** The number of terms to add up one by one, so that the formula is precise for the others, however small x is. */
const termsBefore = (s: number, dtype: Float): number => {
  const { terms, error } = precision[dtype]
  const neglected = Math.abs(coefficient(s, terms + 1))
  let count = 1
  while (neglected * count ** -(2 * terms + 1) > error * (count / (s - 1) + 0.5)) count++
  return count
}

/** x^n for a whole n >= 1, by squaring. */
const power = ({ mul }: Arithmetic, x: Register, n: number): Register => {
  let result: Register | undefined
  let square = x
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? square : mul(result, square)
    if (rest > 1) square = mul(square, square)
  }
  return result ?? x
}

/** n! sum_k 1 / (x + k)^(n + 1) for x >= 0. */
const zeta = (a: Arithmetic, x: Register, n: number, dtype: Float): Register => {
  const { add, div, mul, polynomial } = a
  const s = n + 1
  let factorial = 1
  for (let k = 2; k <= n; k++) factorial *= k
  // n! = g^s f, where g is a power of 2: so that neither the factorial nor the powers leave the range of floats.
  const g = 2 ** Math.floor(Math.log2(factorial) / s)
  const f = factorial / g ** s
  const count = termsBefore(s, dtype)
  const first = Array.from({ length: count }, (_, k) => power(a, div(g, k === 0 ? x : add(x, k)), s))
  const v = add(x, count)
  const inverse = div(1, v)
  const t = mul(inverse, g)
  const square = mul(inverse, inverse)
  const series = Array.from({ length: precision[dtype].terms }, (_, j) => coefficient(s, j + 1))
  const half = add(mul(inverse, polynomial(square, series)), 0.5)
  const rest = mul(power(a, t, n), add(mul(t, half), g / n))
  // From the smallest terms to the largest.
  return mul(
    first.reduceRight<Register>((sum, term) => add(sum, term), rest),
    f
  )
}

/** The coefficients of d^n/dx^n cot(x) as a polynomial in cot(x): the derivative of cot is -(1 + cot^2). */
const cotangentDerivative = (n: number): ReadonlyArray<number> => {
  let polynomial: ReadonlyArray<number> = [0, 1]
  for (let k = 0; k < n; k++) {
    const slope = polynomial.slice(1).map((c, i) => c * (i + 1))
    polynomial = Array.from({ length: slope.length + 2 }, (_, i) => -(slope[i] ?? 0) - (slope[i - 2] ?? 0))
  }
  return polynomial
}

/** pi d^n/dx^n cot(pi x), given the distance of x from a whole number. */
const cotangent = (a: Arithmetic, d: Register, n: number, dtype: Float): Register => {
  const { div, mul, polynomial } = a
  const { cosine, sine } = circle(a, d, dtype)
  const c = div(cosine, sine)
  const coefficients = cotangentDerivative(n).map((x) => x * Math.PI ** (n + 1))
  const even = n % 2 === 1
  const sum = polynomial(
    mul(c, c),
    coefficients.filter((_, i) => (i % 2 === 0) === even)
  )
  return even ? sum : mul(sum, c)
}

/**
 * The derivative of order n of digamma; accuracy in docs/numerics.md.
 *
 * At the poles 0, -1, -2, ... it is Infinity for odd n. For even n the two sides go to different infinities: NaN, but
 * -Infinity at +0 and Infinity at -0. polygamma(n)(Infinity) = 0 for n >= 1, NaN at -Infinity and for NaN.
 */
export const polygamma = (n: number): UnaryDefinition => {
  if (n === 0) return digamma
  return (b, x) => {
    const a = arithmetic(b, x.type)
    const { eq, lt, nearest, neg, select, sub } = a
    const dtype = floatOf(x.type)
    if (!Number.isInteger(n) || n < 0 || n > largestOrder[dtype])
      throw new RangeError(
        `polygamma: the order is a whole number from 0 to ${largestOrder[dtype]} in ${dtype}, not ${n}`
      )
    const isLeft = lt(x, 0)
    const sum = zeta(a, select(isLeft, sub(1, x), x), n, dtype)
    const distance = sub(x, nearest(x))
    const turn = cotangent(a, distance, n, dtype)
    const odd = n % 2 === 1
    const left = sub(neg(sum), turn)
    return select(isLeft, select(eq(distance, 0), odd ? Infinity : NaN, left), odd ? sum : neg(sum))
  }
}
