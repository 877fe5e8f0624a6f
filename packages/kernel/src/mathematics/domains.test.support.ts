/** What the scalar functions promise, and where: the table that tests and measurements go by. */
import type { Float, UnaryFunction } from "./functions.ts"
import { round } from "./samples.test.support.ts"

/** From the first number to the second, both included. */
export type Interval = readonly [number, number]

/** What one function promises in one dtype. */
export interface Domain {
  /** Where the promise holds. */
  readonly domain: Interval
  /** Parts of the domain to look at closely. */
  readonly parts: ReadonlyArray<Interval>
  /** The largest error in units of the last place. */
  readonly promised: number
}

type PerDType = Readonly<Record<Float, Domain>>

/** The same parts and promise in both dtypes; `f64` says what is different there. */
const both = (
  domain: Interval,
  parts: ReadonlyArray<Interval>,
  promised: number,
  f64: Partial<Domain> = {}
): PerDType => ({
  f32: { domain, parts, promised },
  f64: { domain, parts, promised, ...f64 }
})

const all: Interval = [-Infinity, Infinity]
const positive: Interval = [Number.MIN_VALUE, Infinity]

const circular: PerDType = {
  f32: {
    domain: [-102_942, 102_942],
    parts: [
      [-1e5, 1e5],
      [-10, 10],
      [-1, 1]
    ],
    promised: 2
  },
  f64: {
    domain: [-843_314_854, 843_314_854],
    parts: [
      [-8.4e8, 8.4e8],
      [-10, 10],
      [-1, 1]
    ],
    promised: 2
  }
}

const logarithmic = (promised: number, f64 = promised): PerDType =>
  both(
    positive,
    [
      [0, 1e4],
      [0.5, 2]
    ],
    promised,
    { promised: f64 }
  )

/** Every function of one operand. */
export const domains: Readonly<Record<UnaryFunction, PerDType>> = {
  exp: both(
    all,
    [
      [-103.9, 88.7],
      [-1, 1]
    ],
    0.9,
    {
      promised: 1,
      parts: [
        [-745, 709.7],
        [-1, 1]
      ]
    }
  ),
  exp2: both(
    all,
    [
      [-149, 127.9],
      [-1, 1]
    ],
    1,
    {
      promised: 1.1,
      parts: [
        [-1074, 1023.9],
        [-1, 1]
      ]
    }
  ),
  expm1: both(
    all,
    [
      [-20, 88.7],
      [-2, 2]
    ],
    1.6,
    {
      parts: [
        [-40, 709.7],
        [-2, 2]
      ]
    }
  ),
  log: logarithmic(0.84, 1),
  log2: logarithmic(0.502),
  log10: logarithmic(0.502),
  log1p: both(
    [-1 + 2 ** -53, Infinity],
    [
      [-0.999, 1e4],
      [-0.7, 1]
    ],
    1.4
  ),
  tanh: both(
    all,
    [
      [-22, 22],
      [-1, 1]
    ],
    1.9
  ),
  sin: circular,
  cos: circular,
  atan: both(
    all,
    [
      [-10, 10],
      [-1, 1]
    ],
    1.2
  ),
  sigmoid: both(
    all,
    [
      [-103, 20],
      [-8, 8]
    ],
    1.8,
    {
      parts: [
        [-745, 40],
        [-8, 8]
      ]
    }
  ),
  erf: both(
    all,
    [
      [-6.2, 6.2],
      [-1.3, 1.3]
    ],
    1.6,
    { promised: 1.9 }
  ),
  erfc: both(
    all,
    [
      [-5, 10.2],
      [0.2, 3]
    ],
    3.75,
    {
      parts: [
        [-7, 27.3],
        [0.2, 3]
      ]
    }
  ),
  erfinv: both(
    [-1 + 2 ** -53, 1 - 2 ** -53],
    [
      [-1, 1],
      [-1, -0.99],
      [1 - 2 ** -20, 1]
    ],
    2.2,
    { promised: 2.7 }
  ),
  lgamma: both(
    positive,
    [
      [0, 9],
      [0.8, 2.3],
      [0, 50]
    ],
    3
  ),
  digamma: both(
    positive,
    [
      [0, 9],
      [1.3, 1.6],
      [0, 50]
    ],
    3.9
  )
}

/** Random operands: `count` in each part of the domain, and as many of every size from 2^-60 to 2. */
export const operandsOf = (
  { domain: [low, high], parts }: Domain,
  dtype: Float,
  random: () => number,
  count: number
): ReadonlyArray<number> => {
  const spread = parts.flatMap(([from, to]) => Array.from({ length: count }, () => from + (to - from) * random()))
  const sizes = Array.from({ length: count }, () => {
    const size = (1 + random()) * 2 ** -Math.floor(60 * random())
    return low >= 0 || random() < 0.5 ? size : -size
  })
  return [...spread, ...sizes].map((x) => round(x, dtype)).filter((x) => x !== 0 && x >= low && x <= high)
}
