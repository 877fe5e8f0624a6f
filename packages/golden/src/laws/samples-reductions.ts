/** Samples of reductions and cumulative operations. */
import { T } from "@cotangent/graph"
import { type B, type F, type I, type OperationName, type OperationSample, sample } from "./operation-sample.ts"
import { bool, floats, i32, shaped, value } from "./operands.ts"

const reduction = (
  operation: OperationName,
  f: (x: F, options?: object) => unknown,
  low = -2,
  high = 2
): ReadonlyArray<OperationSample> => [
  sample(operation, "all", [floats(low, high, 2, 3)], (x: F) => f(x)),
  sample(operation, "axes", [floats(low, high, 2, 3, 4)], (x: F) => f(x, { axis: [0, -1], keepDims: true })),
  sample(operation, "axis", [floats(low, high, 5, 3)], (x: F) => f(x, { axis: 0 }))
]

const cumulative = (
  operation: OperationName,
  f: (x: F, options?: object) => unknown,
  exclusive = true
): ReadonlyArray<OperationSample> => [
  sample(operation, "last", [floats(-2, 2, 3, 5)], (x: F) => f(x)),
  sample(operation, "first, reversed", [floats(-2, 2, 9, 2)], (x: F) => f(x, { axis: 0, reverse: true })),
  // Running extrema of nothing are infinite.
  ...(exclusive
    ? [sample(operation, "exclusive", [floats(-2, 2, 2, 4, 3)], (x: F) => f(x, { axis: 1, exclusive: true }))]
    : [])
]

/** A matrix with numbers at corners, as f64. */
const matrix = (columns: number, ...data: ReadonlyArray<number>) =>
  value("f64", Float64Array.from(data), [data.length / columns, columns])

/** Derivatives of products where factors are 0: multiplied by a drawn matrix, so that there is something to differentiate. */
const withZeros = (f: (x: F) => unknown) => (x: F, zeros: F) => f(T.mul(x, T.cast(zeros, x.dtype)))
const zeros = matrix(4, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1)

/** The samples. */
export const reductionSamples: ReadonlyArray<OperationSample> = [
  ...reduction("prod", (x, options) => T.prod(x, options)),
  sample(
    "prod",
    "zeros",
    [floats(0.5, 2, 3, 4), zeros],
    withZeros((x) => T.prod(x, { axis: 1 }))
  ),
  ...reduction("std", (x, options) => T.std(x, { ...options, correction: 1 })),
  sample("variance", "unbiased", [floats(-2, 2, 3, 4)], (x: F) => T.variance(x, { axis: 1, correction: 1 })),
  ...[0.5, 1, 1.5, 2, 3, -1, -2.5, Infinity, -Infinity].map((p) =>
    sample("norm", `p = ${p}`, [floats(0.3, 2, 3, 4)], (x: F) => T.norm(T.neg(x), { p, axis: 1 }))
  ),
  sample("norm", "all", [floats(-2, 2, 2, 3)], (x: F) => T.norm(x, { keepDims: true })),
  sample("norm", "p = 0", [matrix(3, 0, 1, -2, 0, 0, 0)], (x: F) => T.norm(x, { p: 0, axis: 1 })),
  sample("max", "first", [floats(-2, 2, 2, 3, 4)], (x: F) => T.max(x, { axis: [0, 2], ties: "first" })),
  sample("min", "first", [floats(-2, 2, 3, 4)], (x: F) => T.min(x, { axis: 0, ties: "first", keepDims: true })),
  sample("min", "first of integers", [shaped(i32(3, -2147483648, 7, 0, 5, 5), 2, 3)], (x: I) =>
    T.min(x, { axis: 1, ties: "first" })
  ),
  sample("any", "axis", [shaped(bool(0, 0, 0, 1), 2, 2)], (x: B) => T.any(x, { axis: 1 })),
  sample("all", "axis", [shaped(bool(1, 1, 0, 1), 2, 2)], (x: B) => T.all(x, { axis: 1 })),
  sample("count", "axis", [shaped(bool(1, 1, 0, 1), 2, 2)], (x: B) => T.count(x, { axis: 1 })),
  sample("countNonzero", "floats", [matrix(3, 0, 1, -2, 0, 0, Number.NaN)], (x: F) => T.countNonzero(x, { axis: 1 })),
  sample("countNonzero", "bool", [bool(1, 0, 1)], (x: B) => T.countNonzero(x)),
  sample("logsumexp", "corners", [matrix(3, -Infinity, -Infinity, -Infinity, -Infinity, 1, 2, 0, 1000, 1001)], (x: F) =>
    T.logsumexp(x, { axis: 1 })
  ),
  ...reduction("logmeanexp", (x, options) => T.logmeanexp(x, options)),
  sample("softmin", "last", [floats(-2, 2, 3, 5)], (x: F) => T.softmin(x)),
  sample("softmin", "first", [floats(-2, 2, 3, 5)], (x: F) => T.softmin(x, { axis: 0 })),
  ...reduction("nansum", (x, options) => T.nansum(x, options)),
  ...reduction("nanmean", (x, options) => T.nanmean(x, options)),
  sample("nansum", "NaN", [matrix(3, Number.NaN, 1, 2, Number.NaN, Number.NaN, Number.NaN)], (x: F) =>
    T.nansum(x, { axis: 1 })
  ),
  sample("nanmean", "NaN", [matrix(3, Number.NaN, 1, 2, Number.NaN, Number.NaN, Number.NaN)], (x: F) =>
    T.nanmean(x, { axis: 1 })
  ),
  ...cumulative("cumsum", (x, options) => T.cumsum(x, options)),
  ...cumulative("cumprod", (x, options) => T.cumprod(x, options)),
  sample(
    "cumprod",
    "zeros",
    [floats(0.5, 2, 3, 4), zeros],
    withZeros((x) => T.cumprod(x, { axis: 1 }))
  ),
  ...cumulative("cummax", (x, options) => T.cummax(x, options), false),
  ...cumulative("cummin", (x, options) => T.cummin(x, options), false),
  ...cumulative("logcumsumexp", (x, options) => T.logcumsumexp(x, options), false),
  sample("cumsum", "integers", [shaped(i32(3, -2, 7, 2147483647, 5, 5), 2, 3)], (x: I) => T.cumsum(x)),
  sample("diff", "last", [floats(-2, 2, 3, 5)], (x: F) => T.diff(x)),
  sample("diff", "twice, joined", [floats(-2, 2, 4, 2), floats(-2, 2, 1, 2)], (x: F, y: F) =>
    T.diff(x, { axis: 0, order: 2, prepend: y, append: y })
  ),
  sample("associativeScan", "matrices", [floats(-1, 1, 5, 2, 2)], (x: F) =>
    T.associativeScan((a: F, b: F) => T.matmul(a, b), x)
  ),
  sample("associativeScan", "linear recurrence, reversed", [floats(-1, 1, 2, 6), floats(-1, 1, 2, 6)], (a: F, b: F) =>
    T.associativeScan(
      (x: { readonly a: F; readonly b: F }, y: { readonly a: F; readonly b: F }) => ({
        a: T.mul(x.a, y.a) as F,
        b: T.add(T.mul(x.b, y.a), y.b) as F
      }),
      { a, b },
      { axis: 1, reverse: true }
    )
  )
]
