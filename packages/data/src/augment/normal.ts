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
    3.3871328727963665,
    133.14166789178438,
    1971.5909503065513,
    13731.69376550946,
    45921.95393154987,
    67265.7709270087,
    33430.57558358813,
    2509.0809287301227
  ) /
  polynomial(
    r,
    1,
    42.31333070160091,
    687.1870074920579,
    5394.196021424751,
    21213.794301586597,
    39307.89580009271,
    28729.085735721943,
    5226.495278852854
  )

/** The tails, of r = sqrt(-log p) - 1.6. */
const tail = (r: number): number =>
  polynomial(
    r,
    1.4234371107496835,
    4.630337846156546,
    5.769497221460691,
    3.6478483247632045,
    1.2704582524523684,
    0.2417807251774506,
    0.022723844989269184,
    0.0007745450142783414
  ) /
  polynomial(
    r,
    1,
    2.053191626637759,
    1.6763848301838038,
    0.6897673349851,
    0.14810397642748008,
    0.015198666563616457,
    0.0005475938084995345,
    1.0507500716444169e-9
  )

/** The number that a standard normal deviate is below with probability p. */
export const normal = (p: number): number => {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) return q * middle(0.180625 - q * q)
  const r = Math.sqrt(-log(Math.min(p, 1 - p))) - 1.6
  return q < 0 ? -tail(r) : tail(r)
}
