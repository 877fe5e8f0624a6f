/**
 * How numbers are compared with golden numbers: the one place where tolerances stand.
 *
 * The error of `actual` against `expected` is `|actual - expected| / max(floor, |expected|)`: relative, but absolute below
 * `floor`, because a sum of terms as large as 1 that cancel has no correct relative digits. NaN agrees with NaN, an
 * infinity with itself only; the sign of zero does not count.
 */

/** When two numbers agree: their error is at most `relative`. */
export interface Tolerance {
  readonly relative: number
  readonly floor: number
}

/** The tolerances of the forms of golden files, in float64. */
export const tolerances = {
  /** Inputs, cotangents and tangents are of order 1, and so are the terms that derivatives sum up. */
  gradients: { relative: 1e-9, floor: 1 },
  /** Parameters are of order 1; an update may bring one close to 0. */
  optimizers: { relative: 1e-12, floor: 0.01 },
  /** In float32: 3 units in the last place of 1, since another framework may fuse a multiplication and an addition. */
  optimizersFloat32: { relative: 3 * 2 ** -23, floor: 1 },
  /** Rates are products of factors, correct to the last digits however small; a rate may end at exactly 0. */
  schedules: { relative: 1e-12, floor: 1e-6 },
  /** Losses and sums over whole tensors, after as many steps as the run has. */
  training: { relative: 1e-8, floor: 1 }
} as const satisfies Readonly<Record<string, Tolerance>>

/** The error of one number; 0 when both are NaN or the same infinity, Infinity when only one is. */
export const errorOf = (expected: number, actual: number, { floor }: Tolerance): number => {
  if (Object.is(expected, actual) || expected === actual) return 0
  const error = Math.abs(actual - expected) / Math.max(floor, Math.abs(expected))
  return Number.isFinite(error) ? error : Infinity
}

/** The worst of several numbers: its position, both numbers and their error. */
export interface Comparison {
  readonly index: number
  readonly expected: number
  readonly actual: number
  readonly error: number
  readonly agrees: boolean
}

/** Compares numbers one by one and gives the worst; an index that only one side has has error Infinity. */
export const compare = (expected: ArrayLike<number>, actual: ArrayLike<number>, tolerance: Tolerance): Comparison => {
  let worst: Omit<Comparison, "agrees"> = {
    index: 0,
    expected: expected[0] ?? Number.NaN,
    actual: actual[0] ?? Number.NaN,
    error: 0
  }
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    const [x, y] = [expected[i], actual[i]]
    const error = x === undefined || y === undefined ? Infinity : errorOf(x, y, tolerance)
    if (error > worst.error) worst = { index: i, expected: x ?? Number.NaN, actual: y ?? Number.NaN, error }
  }
  return { ...worst, agrees: worst.error <= tolerance.relative }
}
