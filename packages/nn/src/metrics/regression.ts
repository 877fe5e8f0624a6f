/** Metrics of numbers. */
import { type AnyTensor, operations as ops, type Shape, ShapeError, showShape, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import * as Directions from "../loss/cosine-similarity.ts"
import { forgetShapes as forgetLossShapes } from "../loss/loss.ts"
import * as Logarithms from "../loss/logarithmic.ts"
import * as Regression from "../loss/regression.ts"
import { type Floats, fromLoss, mean, type Metric, sums, weighed, weightsFor } from "./metric.ts"

/** The mean of `(y - t)^2`. */
export const meanSquaredError: Metric<"values"> = fromLoss(Regression.meanSquaredError)
/** The mean of `|y - t|`. */
export const meanAbsoluteError: Metric<"values"> = fromLoss(Regression.meanAbsoluteError)
/** `sqrt(mean (y - t)^2)`. Keras's `RootMeanSquaredError`. */
export const rootMeanSquaredError: Metric<"values"> = mean({
  name: "rootMeanSquaredError",
  targets: "values",
  elements: forgetLossShapes(Regression.meanSquaredError),
  finish: (value) => T.sqrt(value)
})
/** The mean of `100 |y - t| / max(|t|, 1e-7)`. Keras's `MeanAbsolutePercentageError`. */
export const meanAbsolutePercentageError: Metric<"values"> = fromLoss(Logarithms.meanAbsolutePercentageError)
/** The mean of `(ln(1 + y) - ln(1 + t))^2`. Keras's `MeanSquaredLogarithmicError`. */
export const meanSquaredLogarithmicError: Metric<"values"> = fromLoss(Logarithms.meanSquaredLogarithmicError)
/** The mean of `ln cosh(y - t)`. Keras's `LogCoshError`. */
export const logCosh: Metric<"values"> = fromLoss(Logarithms.logCosh)
/** The mean of the cosines of the angles between outputs and targets, rows of the last axis. Keras's `CosineSimilarity`. */
export const cosineSimilarity: Metric<"values"> = mean({
  name: "cosineSimilarity",
  targets: "values",
  // One number per row, of the element type of the output.
  elements: (y, t): Floats => T.neg(forgetLossShapes(Directions.cosineSimilarity)(y, t) as Tensor<Shape>)
})

/** The sums that R^2 is made of, for each of the outputs. */
export type Variation = {
  readonly count: Tensor<[number], "f64">
  readonly sum: Tensor<[number], "f64">
  readonly squares: Tensor<[number], "f64">
  readonly residuals: Tensor<[number], "f64">
}

/** Options of r2Score. */
export interface R2Options {
  /** How many outputs the last axis holds, each with a score of its own; all elements are one output unless given. */
  readonly outputs?: number
}

/**
 * The coefficient of determination `1 - sum (t - y)^2 / sum (t - mean t)^2`, the mean over outputs: 1 for exact answers, 0
 * for answering the mean. Sums are in f64. Keras's `R2Score`. NaN or -Infinity when the targets of an output are all equal.
 *
 * Throws OptionError unless `outputs` is a whole number above 0, ShapeError for an output of another size.
 */
export const r2Score = ({ outputs }: R2Options = {}): Metric<"values", Variation> => {
  const n = outputs ?? 1
  if (!Number.isInteger(n) || n < 1) throw optionError("r2Score: outputs", "a whole number above 0", n)
  const zeros = () => T.zeros([n], "f64")
  return sums<"values", Variation>({
    name: "r2Score",
    targets: "values",
    init: () => ({ count: zeros(), sum: zeros(), squares: zeros(), residuals: zeros() }),
    batch: (output, target, weights) => {
      if (outputs !== undefined && output.shape.at(-1) !== n)
        throw new ShapeError(`r2Score: needs outputs [batch, ..., ${n}], got ${showShape(output.shape)}`)
      const [y, t] = [ops.cast(output, "f64"), ops.cast(target, "f64")]
      const add = (x: AnyTensor): AnyTensor => {
        const size = x.shape.reduce((product, length) => product * length, 1)
        return ops.reduceSum(ops.reshape(weights === undefined ? x : weighed(x, weights), [size / n, n]), [0])
      }
      const residual = ops.sub(t, y)
      return {
        count: add(ops.full(t.shape, 1, "f64")),
        sum: add(t),
        squares: add(ops.mul(t, t)),
        residuals: add(ops.mul(residual, residual))
      }
    },
    result: ({ count, sum, squares, residuals }) => {
      const spread = ops.sub(squares, ops.div(ops.mul(sum, sum), count))
      const scores = ops.sub(ops.full([n], 1, "f64"), ops.div(residuals, spread))
      // The mean over one axis is a scalar.
      return ops.div(ops.reduceSum(scores, [0]), n) as Tensor<[], "f64">
    }
  })
}

/** The sums that a correlation is made of. */
export type Moments = {
  readonly count: Tensor<[], "f64">
  readonly y: Tensor<[], "f64">
  readonly t: Tensor<[], "f64">
  readonly yy: Tensor<[], "f64">
  readonly tt: Tensor<[], "f64">
  readonly yt: Tensor<[], "f64">
}

/** Pearson's correlation of outputs and targets over all elements, from -1 to 1. Keras's `PearsonCorrelation`. */
export const pearsonCorrelation: Metric<"values", Moments> = sums<"values", Moments>({
  name: "pearsonCorrelation",
  targets: "values",
  init: () => {
    const zero = () => T.zeros([], "f64")
    return { count: zero(), y: zero(), t: zero(), yy: zero(), tt: zero(), yt: zero() }
  },
  batch: (output, target, weights) => {
    const [y, t] = [ops.cast(output, "f64"), ops.cast(target, "f64")]
    const w = weights === undefined ? ops.full(y.shape, 1, "f64") : weightsFor(y.shape, weights)
    const add = (x: AnyTensor): AnyTensor =>
      ops.reduceSum(
        weights === undefined ? x : weighed(x, weights),
        x.shape.map((_, d) => d)
      )
    return {
      count: ops.reduceSum(
        w,
        w.shape.map((_, d) => d)
      ),
      y: add(y),
      t: add(t),
      yy: add(ops.mul(y, y)),
      tt: add(ops.mul(t, t)),
      yt: add(ops.mul(y, t))
    }
  },
  result: ({ count, y, t, yy, tt, yt }) => {
    const centered = (ab: AnyTensor, a: AnyTensor, b: AnyTensor): AnyTensor =>
      ops.sub(ab, ops.div(ops.mul(a, b), count))
    const spread = ops.sqrt(ops.mul(centered(yy, y, y), centered(tt, t, t)))
    // Made of scalars.
    return ops.div(centered(yt, y, t), spread) as Tensor<[], "f64">
  }
})
