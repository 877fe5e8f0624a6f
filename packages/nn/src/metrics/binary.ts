/** Metrics of yes and no, from the counts of right and wrong answers on both sides of a threshold. */
import { type AnyTensor, operations as ops, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { countOf, type Metric, type MetricWeights, type Number64, ratioOrZero, sums, weighed } from "./metric.ts"

/** How many answers were yes and no, rightly and wrongly; by their weights. */
export type Counts = {
  readonly truePositives: Number64
  readonly falsePositives: Number64
  readonly trueNegatives: Number64
  readonly falseNegatives: Number64
}

/** Options of metrics of yes and no. */
export interface ThresholdOptions {
  /** An output above it means yes: 0.5 unless given, right for probabilities; 0 for logits. */
  readonly threshold?: number
}

const everyAxis = (x: AnyTensor): ReadonlyArray<number> => x.shape.map((_, d) => d)
const totalOf = (x: AnyTensor, weights: MetricWeights): AnyTensor => ops.reduceSum(weighed(x, weights), everyAxis(x))

/** Counts over a batch. A target above 1/2 means yes. */
const countBatch = (output: AnyTensor, target: AnyTensor, threshold: number, weights: MetricWeights) => {
  const isAbove = (x: AnyTensor, bound: number): AnyTensor => ops.lt(ops.full([], bound, x.dtype), x)
  const [said, is] = [isAbove(output, threshold), isAbove(target, 0.5)]
  const count = (right: AnyTensor): AnyTensor => totalOf(ops.cast(right, "f32"), weights)
  return {
    truePositives: count(ops.and(said, is)),
    falsePositives: count(ops.and(said, ops.not(is))),
    trueNegatives: count(ops.and(ops.not(said), ops.not(is))),
    falseNegatives: count(ops.and(ops.not(said), is))
  }
}

const zero = (): Number64 => T.zeros([], "f64")

const fromCounts = (
  name: string,
  { threshold = 0.5 }: ThresholdOptions,
  result: (counts: Counts) => AnyTensor
): Metric<"values", Counts> =>
  sums<"values", Counts>({
    name,
    targets: "values",
    init: () => ({
      truePositives: zero(),
      falsePositives: zero(),
      trueNegatives: zero(),
      falseNegatives: zero()
    }),
    batch: (output, target, weights) => countBatch(output, target, threshold, weights),
    // Made of scalars of f64.
    result: (counts) => result(counts) as Number64
  })

/** `TP / (TP + FP)`: the share of those said to be yes that are; 0 when none was. Keras's `Precision`. */
export const precision = (options: ThresholdOptions = {}): Metric<"values", Counts> =>
  fromCounts("precision", options, ({ truePositives, falsePositives }) =>
    ratioOrZero(truePositives, ops.add(truePositives, falsePositives))
  )

/** `TP / (TP + FN)`: the share of those that are yes that were said to be; 0 when none is. Keras's `Recall`. */
export const recall = (options: ThresholdOptions = {}): Metric<"values", Counts> =>
  fromCounts("recall", options, ({ truePositives, falseNegatives }) =>
    ratioOrZero(truePositives, ops.add(truePositives, falseNegatives))
  )

/** `TN / (TN + FP)`: the share of those that are no that were said to be; 0 when none is. */
export const specificity = (options: ThresholdOptions = {}): Metric<"values", Counts> =>
  fromCounts("specificity", options, ({ trueNegatives, falsePositives }) =>
    ratioOrZero(trueNegatives, ops.add(trueNegatives, falsePositives))
  )

/** Options of fBeta. */
export interface FBetaOptions extends ThresholdOptions {
  /** How many times more recall counts than precision; 1 unless given. */
  readonly beta?: number
}

/**
 * `(1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP)`, with b = beta: the harmonic mean of precision and recall; 0 when there is
 * nothing to find. Keras's `FBetaScore`. Throws OptionError unless `beta > 0`.
 */
export const fBeta = ({ beta = 1, ...options }: FBetaOptions = {}): Metric<"values", Counts> => {
  if (!(beta > 0 && Number.isFinite(beta))) throw optionError("fBeta: beta", "a positive number", beta)
  const square = beta * beta
  return fromCounts("fBeta", options, ({ truePositives, falsePositives, falseNegatives }) => {
    const found = ops.mul(truePositives, 1 + square)
    return ratioOrZero(found, ops.add(ops.add(found, ops.mul(falseNegatives, square)), falsePositives))
  })
}

/** `fBeta` with beta 1. Keras's `F1Score`. */
export const f1 = (options: ThresholdOptions = {}): Metric<"values", Counts> => ({ ...fBeta(options), name: "f1" })

/** `TP / (TP + FP + FN)`: the intersection of what is yes and what was said to be, over their union. Keras's `BinaryIoU`, of class 1. */
export const binaryIoU = (options: ThresholdOptions = {}): Metric<"values", Counts> =>
  fromCounts("binaryIoU", options, ({ truePositives, falsePositives, falseNegatives }) =>
    ratioOrZero(truePositives, ops.add(ops.add(truePositives, falsePositives), falseNegatives))
  )

/** Options of auc; the names and defaults are those of Keras. */
export interface AucOptions {
  /** Whether the area is under true over false positives, `"roc"` unless given, or under precision over recall. */
  readonly curve?: "roc" | "pr"
  /** How many thresholds between 0 and 1 the curve is drawn with; 200 unless given. */
  readonly numThresholds?: number
  /** Whether the outputs are logits; false unless given. */
  readonly fromLogits?: boolean
}

/** Counts at every threshold, of those above it. */
export type CountsAt = {
  readonly truePositives: Tensor<[number], "f64">
  readonly falsePositives: Tensor<[number], "f64">
  readonly positives: Number64
  readonly negatives: Number64
}

/** 0 and 1, a little beyond both, and what lies evenly between. */
const thresholdsOf = (n: number): ReadonlyArray<number> => [
  -1e-7,
  ...Array.from({ length: n - 2 }, (_, i) => (i + 1) / (n - 1)),
  1 + 1e-7
]

const slice = (x: AnyTensor, start: number, limit: number): AnyTensor =>
  ops.slice(x, { start: [start], limit: [limit], step: [1] })

/** `sum (x_i - x_(i + 1)) (y_i + y_(i + 1)) / 2`, thresholds growing and so x falling. */
const trapezoids = (x: AnyTensor, y: AnyTensor, n: number): AnyTensor => {
  const width = ops.sub(slice(x, 0, n - 1), slice(x, 1, n))
  const height = ops.div(ops.add(slice(y, 0, n - 1), slice(y, 1, n)), 2)
  return ops.reduceSum(ops.mul(width, height), [0])
}

/**
 * The area under precision over recall with true positives taken to grow evenly between thresholds, and false positives
 * with them, which straight lines between the points of the curve would overstate. Davis, Goadrich 2006.
 */
const underPrecision = ({ truePositives: tp, falsePositives: fp, positives }: CountsAt, n: number): AnyTensor => {
  const said = ops.add(tp, fp)
  const [more, all] = [ops.sub(slice(tp, 0, n - 1), slice(tp, 1, n)), ops.sub(slice(said, 0, n - 1), slice(said, 1, n))]
  const slope = ratioOrZero(more, ops.max(all, 0))
  const intercept = ops.sub(slice(tp, 1, n), ops.mul(slope, slice(said, 1, n)))
  const [before, after] = [slice(said, 0, n - 1), slice(said, 1, n)]
  const grows = ops.and(ops.lt(ops.full([], 0, "f64"), before), ops.lt(ops.full([], 0, "f64"), after))
  const quotient = ops.select(grows, ratioOrZero(before, ops.max(after, 0)), 1)
  const rises = ops.add(more, ops.mul(intercept, ops.log(quotient)))
  return ratioOrZero(ops.reduceSum(ops.mul(slope, rises), [0]), positives)
}

/**
 * The area under a curve of answers at many thresholds: 1/2 (of "roc") for answers by chance, 1 for a threshold that tells
 * yes from no. Keras's `AUC` with `summation_method="interpolation"`; NaN for "roc" when one side is missing (Keras: 0).
 *
 * The curve is drawn with `numThresholds` points, as in Keras: probabilities closer to each other than that are not told
 * apart. Throws OptionError unless `numThresholds` is a whole number above 1.
 */
export const auc = ({ curve = "roc", numThresholds = 200, fromLogits = false }: AucOptions = {}): Metric<
  "values",
  CountsAt
> => {
  if (!Number.isInteger(numThresholds) || numThresholds < 2)
    throw optionError("auc: numThresholds", "a whole number above 1", numThresholds)
  const n = numThresholds
  const thresholds = Float64Array.from(thresholdsOf(n))
  return sums<"values", CountsAt>({
    name: "auc",
    targets: "values",
    init: () => ({
      truePositives: T.zeros([n], "f64"),
      falsePositives: T.zeros([n], "f64"),
      positives: zero(),
      negatives: zero()
    }),
    batch: (output, target, weights) => {
      const probabilities = fromLogits ? ops.sigmoid(output) : output
      const count = probabilities.shape.reduce((product, size) => product * size, 1)
      const rows = [count, n]
      const column = (x: AnyTensor): AnyTensor => ops.broadcast(ops.reshape(x, [count, 1]), rows)
      const at = ops.constant({ shape: [n], dtype: "f64", data: thresholds })
      const above = ops.cast(ops.lt(ops.broadcast(at, rows), ops.cast(column(probabilities), "f64")), "f64")
      const is = ops.cast(ops.lt(ops.full([], 0.5, target.dtype), target), "f32")
      const yes = weighed(is, weights)
      const no = weighed(ops.sub(ops.full(is.shape, 1, "f32"), is), weights)
      return {
        truePositives: ops.reduceSum(ops.mul(above, column(yes)), [0]),
        falsePositives: ops.reduceSum(ops.mul(above, column(no)), [0]),
        positives: ops.reduceSum(yes, everyAxis(yes)),
        negatives: ops.reduceSum(no, everyAxis(no))
      }
    },
    result: (state) => {
      const { truePositives, falsePositives, positives, negatives } = state
      const area =
        curve === "pr"
          ? underPrecision(state, n)
          : trapezoids(ops.div(falsePositives, negatives), ops.div(truePositives, positives), n)
      // A sum over all thresholds is a scalar.
      return area as Number64
    }
  })
}

/** The share of answers that are yes, by weights: what a constant answer would be right about. Useful beside the others. */
export const prevalence: Metric<"values", { readonly yes: Number64; readonly count: Number64 }> = sums({
  name: "prevalence",
  targets: "values",
  init: () => ({ yes: zero(), count: zero() }),
  batch: (_, target, weights) => {
    const count = countOf(target.shape, weights)
    return {
      yes: totalOf(ops.cast(ops.lt(ops.full([], 0.5, target.dtype), target), "f32"), weights),
      count: typeof count === "number" ? ops.full([], count, "f64") : count
    }
  },
  // Made of scalars of f64.
  result: ({ yes, count }) => ops.div(yes, count) as Number64
})
