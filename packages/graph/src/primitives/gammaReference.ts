/** lgamma and its derivatives in the reference interpreter: slow, accurate, and independent of the kernels. */

/** B_2, B_4, ... */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798]

const euler = 0.5772156649015329

/** sum_(k >= from) 1 / k^s, by the formula of Euler and Maclaurin. */
const zetaFrom = (s: number, from: number): number => {
  const count = 20 + s
  const v = from + count
  let sum = v ** (1 - s) / (s - 1) + v ** -s / 2
  let factor = 1
  bernoulli.forEach((b, j) => {
    // s (s + 1) ... (s + 2j) / (2j + 2)!
    factor *= j === 0 ? s / 2 : ((s + 2 * j - 1) * (s + 2 * j)) / ((2 * j + 1) * (2 * j + 2))
    sum += b * factor * v ** (-s - 2 * j - 1)
  })
  for (let k = count - 1; k >= 0; k--) sum += (from + k) ** -s
  return sum
}

/** zeta(k) - 1, the coefficients of lgamma and digamma around 2. */
const coefficients = Array.from({ length: 60 }, (_, k) => (k < 2 ? 0 : zetaFrom(k, 2)))

/** lgamma(2 + d) for |d| <= 1/2: (1 - gamma) d + sum_k (-1)^k (zeta(k) - 1) d^k / k. */
const lgammaNear2 = (d: number): number =>
  coefficients.reduce((sum, c, k) => (k < 2 ? sum : sum + (c * (-d) ** k) / k), (1 - euler) * d)

/** Its derivative. */
const digammaNear2 = (d: number): number =>
  coefficients.reduce((sum, c, k) => (k < 2 ? sum : sum - c * (-d) ** (k - 1)), 1 - euler)

/** The distance to the nearest whole number. */
const fractionOf = (x: number): number => x - Math.round(x)

/** The logarithm of |Gamma(x)|. */
export const lgammaReference = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return Infinity
  if (x < -0.5) return Math.log(Math.PI / Math.abs(x * Math.sin(Math.PI * fractionOf(x)))) - lgammaReference(-x)
  if (x >= 15) {
    const z = 1 / (x * x)
    const series = bernoulli.reduce((sum, b, k) => sum + (b * z ** k) / ((2 * k + 2) * (2 * k + 1)), 0)
    return (x - 0.5) * (Math.log(x) - 1) + (Math.log(2 * Math.PI) - 1) / 2 + series / x
  }
  let y = x
  let product = 1
  for (; y > 2.5; y--) product *= y - 1
  for (; y < 1.5; y++) product /= y
  // 1/x overflows for the smallest x.
  return lgammaNear2(x < 0.5 ? x : y - 2) + (x < 0.5 ? -Math.log(Math.abs(x)) - Math.log1p(x) : Math.log(product))
}

/** The digamma function. */
export const digammaReference = (x: number): number => {
  if (x === 0) return -1 / x
  if (!(x > -Infinity) || (x < 0 && Number.isInteger(x))) return Number.NaN
  if (x < 0) return digammaReference(-x) - 1 / x - Math.PI / Math.tan(Math.PI * fractionOf(x))
  if (x >= 15) {
    const z = 1 / (x * x)
    return Math.log(x) - 1 / (2 * x) - bernoulli.reduce((sum, b, k) => sum + (b * z ** (k + 1)) / (2 * k + 2), 0)
  }
  let y = x
  let sum = 0
  for (; y > 2.5; y--) sum += 1 / (y - 1)
  for (; y < 1.5; y++) sum -= 1 / y
  return digammaNear2(x < 0.5 ? x : y - 2) + sum
}

/** The coefficients of d^n/dx^n cot(x) as a polynomial in cot(x). */
const cotangentDerivative = (n: number): ReadonlyArray<number> => {
  let polynomial: ReadonlyArray<number> = [0, 1]
  for (let k = 0; k < n; k++) {
    const slope = polynomial.slice(1).map((c, i) => c * (i + 1))
    polynomial = Array.from({ length: slope.length + 2 }, (_, i) => -(slope[i] ?? 0) - (slope[i - 2] ?? 0))
  }
  return polynomial
}

/** The derivative of order n of digamma. */
export const polygammaReference = (n: number, x: number): number => {
  if (n === 0) return digammaReference(x)
  const sign = n % 2 === 1 ? 1 : -1
  if (x === 0) return n % 2 === 1 ? Infinity : -1 / x
  if (!(x > -Infinity)) return Number.NaN
  if (x < 0) {
    if (Number.isInteger(x)) return sign > 0 ? Infinity : Number.NaN
    const c = 1 / Math.tan(Math.PI * fractionOf(x))
    const turn = cotangentDerivative(n).reduce((sum, a, i) => sum + a * c ** i, 0) * Math.PI ** (n + 1)
    return -sign * polygammaReference(n, 1 - x) - turn
  }
  if (x === Infinity) return sign * 0
  let factorial = 1
  for (let k = 2; k <= n; k++) factorial *= k
  return sign * factorial * zetaFrom(n + 1, x)
}
