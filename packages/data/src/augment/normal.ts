/**
 * The normal deviate of a probability, by quotients of polynomials. Wichura: Algorithm AS 241, the percentage points of
 * the normal distribution (Applied Statistics 1988), PPND16, for probabilities from 2^-34 to 1 - 2^-34.
 */
import { Mathematics } from "@cotangent/kernel"

const polynomial = (x: number, ...coefficients: ReadonlyArray<number>): number =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0)

// Not Math.log, whose last digit is each engine's own: equal keys give equal images everywhere.
const log = Mathematics.scalar("log", "f64")

/** The middle part, for probabilities within 0.425 of a half, of r = 0.425^2 - q^2. */
const middle = (r: number): number =>
  polynomial(
    r,
    3.387132872796366608,
    133.14166789178437745,
    1971.5909503065514427,
    13731.693765509461125,
    45921.953931549871457,
    67265.770927008700853,
    33430.575583588128105,
    2509.0809287301226727
  ) /
  polynomial(
    r,
    1,
    42.313330701600911252,
    687.1870074920579083,
    5394.1960214247511077,
    21213.794301586595867,
    39307.89580009271061,
    28729.085735721942674,
    5226.495278852854561
  )

/** The tails, of r = sqrt(-log p) - 1.6. */
const tail = (r: number): number =>
  polynomial(
    r,
    1.42343711074968357734,
    4.6303378461565452959,
    5.7694972214606914055,
    3.64784832476320460504,
    1.27045825245236838258,
    0.24178072517745061177,
    0.0227238449892691845833,
    7.7454501427834140764e-4
  ) /
  polynomial(
    r,
    1,
    2.05319162663775882187,
    1.6763848301838038494,
    0.68976733498510000455,
    0.14810397642748007459,
    0.0151986665636164571966,
    5.475938084995344946e-4,
    1.05075007164441684324e-9
  )

/** The number that a standard normal deviate is below with probability p. */
export const normal = (p: number): number => {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) return q * middle(0.180625 - q * q)
  const r = Math.sqrt(-log(Math.min(p, 1 - p))) - 1.6
  return q < 0 ? -tail(r) : tail(r)
}
