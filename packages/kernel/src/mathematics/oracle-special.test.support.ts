/** The oracle for the special functions: atan, the error functions, and lgamma with its derivatives. */
import {
  abs,
  div,
  type Exact,
  exact,
  exponential,
  exponentialFixed,
  fixed,
  logarithm,
  mul,
  one,
  P,
  pi,
  result,
  round,
  shift,
  sine,
  sqrt
} from "./fixed-point.test.support.ts"

/** atan(x) by its series, after halving the angle until x is small: atan(x) = 2 atan(x / (1 + sqrt(1 + x^2))). */
export const arcTangent = (x: bigint): bigint => {
  if (abs(x) > one) return (x > 0n ? pi >> 1n : -(pi >> 1n)) - arcTangent(div(one, x))
  let t = x
  let halvings = 0n
  for (; abs(t) > one >> 6n; halvings++) t = div(t, one + sqrt(one + mul(t, t)))
  const square = mul(t, t)
  let power = t
  let sum = 0n
  for (let k = 1n; abs(power) > 1n; k += 2n) {
    sum += power / k
    power = -mul(power, square)
  }
  return sum << halvings
}

/** erf(x) = 2/sqrt(pi) e^(-x^2) (x + 2 x^3/3 + 4 x^5/15 + ...): all terms of one sign. */
const errorFunction = (x: bigint): bigint => {
  const square = mul(x, x)
  let term = x
  let sum = 0n
  for (let n = 1n; abs(term) > 1n; n++) {
    sum += term
    term = (2n * mul(term, square)) / (2n * n + 1n)
  }
  return div(2n * mul(sum, exponentialFixed(-square)), sqrt(pi))
}

/** erfc(x) = e^(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))) for x >= 8. */
const errorTail = (x: bigint): Exact => {
  let fraction = x
  for (let n = 300n; n > 0n; n--) fraction = x + div((n * one) >> 1n, fraction)
  const { value, k } = exponential(-mul(x, x))
  return result(div(value, mul(sqrt(pi), fraction)), k)
}

/** The inverse of erf by Newton's method, from the approximation of Winitzki. */
const inverseErrorFunction = (x: number): bigint => {
  const [a, l] = [0.147, Math.log1p(-x * x)]
  const half = 2 / (Math.PI * a) + l / 2
  let t = fixed(Math.sign(x) * Math.sqrt(Math.sqrt(half * half - l / a) - half))
  for (;;) {
    const slope = div(2n * exponentialFixed(-mul(t, t)), sqrt(pi))
    const step = div(errorFunction(t) - fixed(x), slope)
    t -= step
    if (abs(step) < one >> 200n) return t
  }
}

type Fraction = readonly [bigint, bigint]

/** B_0, B_2, ..., B_2n as fractions, by their recurrence. */
const bernoulliNumbers = (n: number): ReadonlyArray<Fraction> => {
  const all: Array<Fraction> = []
  for (let m = 0; m <= 2 * n; m++) {
    // sum_k C(m + 1, k) B_k = 0
    let [top, bottom]: Fraction = [m === 0 ? 1n : 0n, 1n]
    let binomial = 1n
    for (let k = 0; k < m; k++) {
      const [p, q] = all[k] ?? [0n, 1n]
      top = top * q - binomial * p * bottom
      bottom *= q
      binomial = (binomial * BigInt(m + 1 - k)) / BigInt(k + 1)
    }
    const divisor = m === 0 ? 1n : BigInt(m + 1)
    const [a, b] = [top, bottom * divisor]
    let [x, y] = [abs(a), b]
    while (y !== 0n) [x, y] = [y, x % y]
    all.push([a / x, b / x])
  }
  return all.filter((_, k) => k % 2 === 0)
}

const terms = 60
const bernoulli = bernoulliNumbers(terms)

/** Up to here the functions are shifted before their asymptotic series are summed: the series reach 2^-450 there. */
const far = 50n * one

/** x, x + 1, ... below `far`, and the first one from there on. */
const shifted = (x: bigint): { readonly before: ReadonlyArray<bigint>; readonly last: bigint } => {
  const before: Array<bigint> = []
  let last = x
  for (; last < far; last += one) before.push(last)
  return { before, last }
}

const halfLogOf2Pi = logarithm(2n * pi, -P) >> 1n

/** Stirling: log Gamma(v) = (v - 1/2) log v - v + log(2 pi)/2 + sum_k B_2k / (2k (2k - 1) v^(2k - 1)). */
const logGamma = (x: bigint): bigint => {
  const { before, last: v } = shifted(x)
  const log = (a: bigint): bigint => logarithm(a, -P)
  const inverse = div(one, v)
  const square = mul(inverse, inverse)
  let power = inverse
  let sum = mul(v - (one >> 1n), log(v)) - v + halfLogOf2Pi
  for (let k = 1; k <= terms; k++) {
    const [p, q] = bernoulli[k] ?? [0n, 1n]
    sum += (p * power) / (q * BigInt(2 * k * (2 * k - 1)))
    power = mul(power, square)
  }
  return sum - log(before.reduce(mul, one))
}

/** pi x, reduced: sin(pi x) for fixed-point x. */
const sinePi = (x: bigint): bigint => sine(mul(pi, x - 2n * round(x >> 1n) * one))

/** log |Gamma(x)|; |Gamma(x)| |Gamma(-x)| = pi / |x sin(pi x)|. */
const logGammaOf = (x: number): Exact => {
  const a = fixed(Math.abs(x))
  return result(x > 0 ? logGamma(a) : logarithm(div(pi, mul(a, abs(sinePi(a)))), -P) - logGamma(a))
}

/** psi(v) = log v - 1/(2v) - sum_k B_2k / (2k v^2k). */
const psi = (x: bigint): bigint => {
  const { before, last: v } = shifted(x)
  const inverse = div(one, v)
  const square = mul(inverse, inverse)
  let power = square
  let sum = logarithm(v, -P) - (inverse >> 1n)
  for (let k = 1; k <= terms; k++) {
    const [p, q] = bernoulli[k] ?? [0n, 1n]
    sum -= (p * power) / (q * BigInt(2 * k))
    power = mul(power, square)
  }
  return sum - before.reduce((total, a) => total + div(one, a), 0n)
}

/** psi(-x) = psi(x) + 1/x + pi cot(pi x). */
const psiOf = (x: number): Exact => {
  const a = fixed(Math.abs(x))
  if (x > 0) return result(psi(a))
  return result(psi(a) + div(one, a) + div(mul(pi, sinePi(a + (one >> 1n))), sinePi(a)))
}

const power = (x: bigint, n: number): bigint => {
  let result = one
  for (let k = 0; k < n; k++) result = mul(result, x)
  return result
}

/** n! sum_k 1 / (x + k)^(n + 1) for x > 0, by the formula of Euler and Maclaurin. */
const factorialZeta = (x: bigint, n: number): bigint => {
  const s = n + 1
  const { before, last: v } = shifted(x)
  const inverse = div(one, v)
  let sum = power(inverse, n) / BigInt(n) + (power(inverse, s) >> 1n)
  let factor = one
  let term = power(inverse, s)
  for (let k = 1; k <= terms; k++) {
    // s (s + 1) ... (s + 2k - 2) / (2k)!
    const rising = k === 1 ? BigInt(s) : BigInt((s + 2 * k - 3) * (s + 2 * k - 2))
    factor = (factor * rising) / BigInt((2 * k - 1) * (2 * k))
    term = mul(term, k === 1 ? inverse : mul(inverse, inverse))
    const [p, q] = bernoulli[k] ?? [0n, 1n]
    sum += (p * mul(factor, term)) / q
  }
  let factorial = 1n
  for (let k = 2n; k <= BigInt(n); k++) factorial *= k
  return factorial * before.reduce((total, a) => total + div(one, power(a, s)), sum)
}

/** polygamma of order n >= 1 for x > 0. */
export const polygammaOracle = (n: number, x: number): Exact => {
  const value = factorialZeta(fixed(x), n)
  return result(n % 2 === 1 ? value : -value)
}

/** The special functions of one operand. */
export const special = {
  exp2: (x: number): Exact => {
    const whole = Math.round(x)
    const { value, k } = exponential(mul(fixed(x - whole), logarithm(2n, 0)))
    return result(value, k + whole)
  },
  log2: (x: number): Exact => {
    const { mantissa, exponent } = exact(x)
    return result(div(logarithm(mantissa, exponent), logarithm(2n, 0)))
  },
  log10: (x: number): Exact => {
    const { mantissa, exponent } = exact(x)
    return result(div(logarithm(mantissa, exponent), logarithm(10n, 0)))
  },
  atan: (x: number): Exact => result(arcTangent(fixed(x))),
  erf: (x: number): Exact => result(errorFunction(fixed(x))),
  erfc: (x: number): Exact => (x < 8 ? result(one - errorFunction(fixed(x))) : errorTail(fixed(x))),
  erfinv: (x: number): Exact => result(inverseErrorFunction(x)),
  lgamma: logGammaOf,
  digamma: psiOf
}

/** A fixed-point number as a float, for comparisons that are absolute. */
export const approximately = ({ mantissa, exponent }: Exact): number =>
  Number(shift(mantissa, exponent + 60 + P) >> BigInt(P)) / 2 ** 60
