/**
 * The oracle for dense samples in f64: the scalar functions in double-double arithmetic, by Taylor series and Newton's
 * method, with relative errors below 2^-80. Nothing here is shared with the definitions under test; a test compares it with
 * series in integer arithmetic.
 */
import {
  add,
  div,
  type DoubleDouble,
  from,
  fromExact,
  mul,
  neg,
  productOf,
  scaled,
  sub,
  sumOf,
  times
} from "./double-double.test.support.ts"
import { logarithm, P, pi as piFixed, sqrt } from "./fixed-point.test.support.ts"

/** value 2^k: functions whose results leave the range of floats say k. */
export interface Scaled {
  readonly value: DoubleDouble
  readonly k: number
}

const constant = (fixed: bigint): DoubleDouble => fromExact(fixed, -P)
const one = from(1)
const ln2 = constant(logarithm(2n, 0))
const ln10 = constant(logarithm(10n, 0))
const inverseRootPi = div(from(2), constant(sqrt(piFixed)))

/** 1/n for the series. */
const reciprocals = Array.from({ length: 120 }, (_, n) => (n === 0 ? one : div(one, from(n))))
const reciprocal = (n: number): DoubleDouble => reciprocals[n] ?? div(one, from(n))

/** 1/n! for the series. */
const inverseFactorials: Array<DoubleDouble> = [one]
for (let n = 1; n <= 30; n++) inverseFactorials.push(mul(inverseFactorials[n - 1] ?? one, reciprocal(n)))
const inverseFactorial = (n: number): DoubleDouble => inverseFactorials[n] ?? one

/** e^r - 1 for |r| <= 0.36: the series at r/64, then six doublings e^2r - 1 = s (s + 2). */
const expm1Near = (r: DoubleDouble): DoubleDouble => {
  const t = scaled(r, 1 / 64)
  let sum = inverseFactorial(11)
  for (let n = 10; n >= 1; n--) sum = add(mul(sum, t), inverseFactorial(n))
  let s = mul(sum, t)
  for (let k = 0; k < 6; k++) s = mul(s, add(s, from(2)))
  return s
}

/** x = k ln 2 + r. */
const reduced = (x: DoubleDouble): { readonly r: DoubleDouble; readonly k: number } => {
  const k = Math.round(x.hi / Math.LN2)
  return { r: sub(x, times(ln2, k)), k }
}

/** e^x. */
const exponential = (x: DoubleDouble): Scaled => {
  const { k, r } = reduced(x)
  return { value: add(expm1Near(r), one), k }
}

/** e^x - 1 for |x| <= 700. */
const expm1Of = (x: DoubleDouble): DoubleDouble => {
  const { k, r } = reduced(x)
  const s = expm1Near(r)
  if (k === 0) return s
  return add(scaled(s, 2 ** k), sub(from(2 ** k), one))
}

/** One step of Newton's method for log(m) from the host's logarithm: y + d - d^2/2 + d^3/3 with d = m e^-y - 1. */
const logarithmNear = (excess: DoubleDouble, guess: number): DoubleDouble => {
  // m = 1 + excess, so d = excess + (e^-y - 1) (1 + excess).
  const e = expm1Of(from(-guess))
  const d = add(add(excess, e), mul(excess, e))
  return add(from(guess), sub(d, times(mul(d, d), 0.5)))
}

const logarithmOf = (x: number): DoubleDouble => {
  let k = Math.round(Math.log2(x))
  // Scaled in two steps: 2^k itself may lie outside of the range of floats.
  const half = Math.trunc(k / 2)
  let m = x * 2 ** -half * 2 ** -(k - half)
  if (m > Math.SQRT2) {
    m /= 2
    k++
  }
  const near = logarithmNear(sumOf(m, -1), Math.log(m))
  return k === 0 ? near : add(times(ln2, k), near)
}

const halfPiWhole = constant(piFixed >> 1n)

/** pi/2 in parts of 24 bits, whose products with whole numbers below 2^29 are exact. */
const halfPi: ReadonlyArray<number> = (() => {
  let rest = piFixed >> 1n
  return Array.from({ length: 8 }, (_, k) => {
    const unit = 1n << BigInt(P - 23 - 24 * k)
    const digit = rest / unit
    rest -= digit * unit
    return Number(digit) * 2 ** (-23 - 24 * k)
  })
})()

/** sin(r) and cos(r) for |r| <= 0.79. */
const sineNear = (r: DoubleDouble): DoubleDouble => {
  const z = neg(mul(r, r))
  let sum = inverseFactorial(27)
  for (let n = 25; n >= 1; n -= 2) sum = add(mul(sum, z), inverseFactorial(n))
  return mul(sum, r)
}
const cosineNear = (r: DoubleDouble): DoubleDouble => {
  const z = neg(mul(r, r))
  let sum = inverseFactorial(28)
  for (let n = 26; n >= 0; n -= 2) sum = add(mul(sum, z), inverseFactorial(n))
  return sum
}

/** sin(x + quarter pi/2). */
const circular = (x: number, quarter: number): DoubleDouble => {
  const k = Math.round(x / (Math.PI / 2))
  const r = halfPi.reduce((rest, part) => sub(rest, productOf(k, part)), from(x))
  const turn = (((k + quarter) % 4) + 4) % 4
  const value = turn % 2 === 0 ? sineNear(r) : cosineNear(r)
  return turn < 2 ? value : neg(value)
}

/** erf(x) = 2/sqrt(pi) e^(-x^2) (x + 2 x^3/3 + 4 x^5/15 + ...); above 4, 1 - erfc(x) by its continued fraction. */
const errorFunction = (x: number): DoubleDouble => {
  if (x < 0) return neg(errorFunction(-x))
  const square = productOf(x, x)
  const decay = exponential(neg(square))
  const bell = mul(inverseRootPi, scaled(decay.value, 2 ** decay.k))
  if (x < 4) {
    let term = from(x)
    let sum = term
    for (let n = 1; term.hi > sum.hi * 2 ** -90; n++) {
      term = mul(mul(term, scaled(square, 2)), reciprocal(2 * n + 1))
      sum = add(sum, term)
    }
    return mul(sum, bell)
  }
  let fraction = x
  for (let n = 80; n > 0; n--) fraction = x + n / 2 / fraction
  return sub(one, times(bell, 0.5 / fraction))
}

const log1pOf = (x: number): DoubleDouble =>
  x > 1e9 ? add(logarithmOf(x), sub(from(1 / x), from(0.5 / x / x))) : logarithmNear(from(x), Math.log1p(x))

const plain =
  (f: (x: number) => DoubleDouble) =>
  (x: number): Scaled => ({ value: f(x), k: 0 })

/** 1 + value 2^k, for k <= 0. */
const onePlus = ({ k, value }: Scaled): DoubleDouble => add(one, scaled(value, 2 ** Math.max(k, -1000)))

/** The functions of one operand. */
export const denseOracle = {
  exp: (x: number): Scaled => exponential(from(x)),
  exp2: (x: number): Scaled => {
    const k = Math.round(x)
    return { value: add(expm1Near(times(ln2, x - k)), one), k }
  },
  expm1: (x: number): Scaled => (x > 600 ? exponential(from(x)) : { value: expm1Of(from(x)), k: 0 }),
  log: plain(logarithmOf),
  log2: plain((x) => div(logarithmOf(x), ln2)),
  log10: plain((x) => div(logarithmOf(x), ln10)),
  log1p: plain(log1pOf),
  tanh: plain((x) => {
    if (Math.abs(x) > 300) return from(Math.sign(x))
    const e = expm1Of(from(2 * x))
    return div(e, add(e, from(2)))
  }),
  sigmoid: (x: number): Scaled => {
    if (x >= 0) return { value: div(one, onePlus(exponential(from(-x)))), k: 0 }
    const e = exponential(from(x))
    return { value: div(e.value, onePlus(e)), k: e.k }
  },
  sin: plain((x) => circular(x, 0)),
  cos: plain((x) => circular(x, 1)),
  atan: plain((x) => {
    // tan(y) is close to x: the rest of the angle is (x cos y - sin y) / (cos y + x sin y).
    if (Math.abs(x) > 1e15) return sub(times(halfPiWhole, Math.sign(x)), div(one, from(x)))
    const y = Math.atan(x)
    const [s, c] = [circular(y, 0), circular(y, 1)]
    return add(from(y), div(sub(times(c, x), s), add(c, times(s, x))))
  }),
  erf: plain(errorFunction)
} as const

/** Functions the dense oracle knows. */
export type DenseFunction = keyof typeof denseOracle

/** 1/sqrt(x): y + y (1 - x y^2) / 2 from the host's approximation y. */
export const denseInverseRoot = (x: number): Scaled => {
  const k = Math.floor(Math.log2(x) / 2)
  const m = x * 2 ** -k * 2 ** -k
  const y = 1 / Math.sqrt(m)
  const rest = sub(one, times(productOf(y, y), m))
  return { value: add(from(y), times(rest, y / 2)), k: -k }
}

/** x^y for positive x. */
export const densePow = (x: number, y: number): Scaled => exponential(times(logarithmOf(x), y))

/** |y - expected| in units of the last place of f64 at the expected value. */
export const denseError = (y: number, { k, value }: Scaled): number => {
  // The exponent of the expected value, and y in the same scale; both steps of the scaling are exact.
  const size = Math.abs(value.hi)
  let exponent = Math.floor(Math.log2(size))
  if (2 ** exponent > size) exponent--
  const unit = Math.max(exponent + k, -1022) - 52 - k
  const half = Math.trunc(-k / 2)
  const own = y * 2 ** half * 2 ** (-k - half)
  return Math.abs((own - value.hi - value.lo) * 2 ** -unit)
}
