/** The error functions of the reference interpreter: slow, accurate, and independent of the kernels. */

/** erfc(x) e^(x^2) for x >= 1, by the continued fraction 1/sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))). */
const scaledTail = (x: number): number => {
  let fraction = 0
  for (let n = 400; n > 0; n--) fraction = n / 2 / (x + fraction)
  return 1 / (Math.sqrt(Math.PI) * (x + fraction))
}

/** e^(-x^2): x is split, so that its square is not rounded where it is large. */
const gaussian = (x: number): number => {
  const high = Math.fround(x)
  return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high))
}

/** 2/sqrt(pi) (x - x^3/3 + x^5/10 - ...). */
const series = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 200; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 * sum) / Math.sqrt(Math.PI)
}

/** The error function. */
export const erfReference = (x: number): number => {
  if (Number.isNaN(x)) return x
  const size = Math.abs(x)
  return size < 1.5 ? series(x) : Math.sign(x) * (1 - erfcReference(size))
}

/** The complementary error function, relatively accurate where it is small. */
export const erfcReference = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (x > 28) return 0
  if (x < 1) return 1 - erfReference(x)
  return gaussian(x) * scaledTail(x)
}

/** The inverse of the error function: an approximation of Winitzki (2008), improved by Newton's method. */
export const erfinvReference = (x: number): number => {
  const size = Math.abs(x)
  if (size === 0 || size === 1) return x / (1 - size)
  if (!(size < 1)) return Number.NaN
  const [a, l] = [0.147, Math.log1p(-x * x)]
  const half = 2 / (Math.PI * a) + l / 2
  let t = size < 1e-7 ? (size * Math.sqrt(Math.PI)) / 2 : Math.sqrt(Math.sqrt(half * half - l / a) - half)
  // Near 1 the complement is what is known exactly.
  const excess = size < 0.5 ? (s: number) => erfReference(s) - size : (s: number) => 1 - size - erfcReference(s)
  for (let i = 0; i < 6; i++) t -= excess(t) / ((2 / Math.sqrt(Math.PI)) * gaussian(t))
  return Math.sign(x) * t
}
