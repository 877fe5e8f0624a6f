/** Distribution functions and statistics for the tests of random numbers: textbook series, independent of the kernels. */

/** The logarithm of the gamma function by Stirling's series, for positive x. */
const logGamma = (x: number): number => {
  let [y, product] = [x, 1]
  for (; y < 12; y++) product *= y
  const z = 1 / (y * y)
  const rest = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z / 1680))) / y
  return (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + rest - Math.log(product)
}

/** The distribution function of gamma numbers: the series below a + 1, the continued fraction above. */
export const gammaFunction =
  (a: number) =>
  (x: number): number => {
    if (x <= 0) return 0
    const factor = Math.exp(a * Math.log(x) - x - logGamma(a))
    if (x < a + 1) {
      let term = 1 / a
      let sum = term
      for (let k = 1; term > 1e-17 * sum; k++) sum += term *= x / (a + k)
      return factor * sum
    }
    let fraction = 0
    for (let k = 400; k > 0; k--) fraction = (k * (a - k)) / (x + 2 * k + 1 - a + fraction)
    return 1 - factor / (x + 1 - a + fraction)
  }

/** The distribution function of beta numbers by its continued fraction. */
export const betaFunction = (a: number, b: number): ((x: number) => number) => {
  const below = (p: number, q: number, x: number): number => {
    const factor = Math.exp(logGamma(p + q) - logGamma(p) - logGamma(q) + p * Math.log(x) + q * Math.log1p(-x)) / p
    let fraction = 0
    for (let m = 200; m > 0; m--) {
      const odd = (-(p + m - 1) * (p + q + m - 1) * x) / ((p + 2 * m - 2) * (p + 2 * m - 1))
      const even = (m * (q - m) * x) / ((p + 2 * m - 1) * (p + 2 * m))
      fraction = odd / (1 + even / (1 + fraction))
    }
    return factor / (1 + fraction)
  }
  return (x) => (x <= 0 ? 0 : x >= 1 ? 1 : x < (a + 1) / (a + b + 2) ? below(a, b, x) : 1 - below(b, a, 1 - x))
}

/** The normal distribution function. */
export const normalFunction = (x: number): number => {
  const half = gammaFunction(0.5)((x * x) / 2) / 2
  return x < 0 ? 0.5 - half : 0.5 + half
}

/** sqrt(n) times the largest distance of the empirical from the true distribution function. Kolmogorov, Smirnov. */
export const kolmogorov = (xs: ArrayLike<number>, distribution: (x: number) => number): number => {
  const sorted = Float64Array.from(xs).sort()
  const n = sorted.length
  let largest = 0
  sorted.forEach((x, i) => {
    const p = distribution(x)
    largest = Math.max(largest, Math.abs(p - i / n), Math.abs(p - (i + 1) / n))
  })
  return Math.sqrt(n) * largest
}

/** How far counts are from what is expected, in standard deviations of the chi-squared statistic. Pearson. */
export const chiSquared = (counts: ReadonlyArray<number>, expected: ReadonlyArray<number>): number => {
  const statistic = counts.reduce((sum, c, i) => sum + (c - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 1), 0)
  const freedom = counts.length - 1
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

/** Mean and variance. */
export const moments = (xs: ArrayLike<number>): { readonly mean: number; readonly variance: number } => {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < xs.length; i++) sum += xs[i] ?? 0
  const mean = sum / xs.length
  for (let i = 0; i < xs.length; i++) squares += ((xs[i] ?? 0) - mean) ** 2
  return { mean, variance: squares / xs.length }
}
