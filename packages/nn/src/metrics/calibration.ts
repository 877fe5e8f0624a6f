/** Whether probabilities are what they say. */
import { type AnyTensor, operations as ops, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type Metric, ratioOrZero, sums, weighed } from "./metric.ts"

/** What was said and what was true, for each bin of confidence. */
export type Bins = {
  readonly count: Tensor<[number], "f64">
  readonly confidence: Tensor<[number], "f64">
  readonly right: Tensor<[number], "f64">
}

/** Options of calibrationError. */
export interface CalibrationOptions {
  /** Whether the output holds logits or probabilities; it must be said. */
  readonly fromLogits: boolean
  /** How many bins of equal width; 15 unless given. */
  readonly bins?: number
}

/**
 * The expected calibration error, `sum_b n_b / n |right_b - confidence_b|` over bins of the largest probability of a row: how
 * far the share of right answers is from what the model says it is. Guo and others 2017, eq. 3.
 *
 * A confidence of exactly a border falls into the lower bin. Throws OptionError unless `bins` is a whole number above 0.
 */
export const calibrationError = ({ fromLogits, bins = 15 }: CalibrationOptions): Metric<"labels", Bins> => {
  if (!Number.isInteger(bins) || bins < 1) throw optionError("calibrationError: bins", "a whole number above 0", bins)
  const zeros = () => T.zeros([bins], "f64")
  return sums<"labels", Bins>({
    name: "calibrationError",
    targets: "labels",
    init: () => ({ count: zeros(), confidence: zeros(), right: zeros() }),
    batch: (output, labels, weights) => {
      const p: AnyTensor = fromLogits ? T.softmax(output) : output
      const last = p.shape.length - 1
      const confidence = ops.cast(ops.reduceMax(p, [last]), "f64")
      const right = ops.cast(ops.eq(ops.argmax(p, last), labels), "f64")
      const n = confidence.shape.reduce((product, size) => product * size, 1)
      const column = (x: AnyTensor): AnyTensor => ops.broadcast(ops.reshape(x, [n, 1]), [n, bins])
      // Bin b holds what lies above b / bins, up to (b + 1) / bins; the first one 0 too.
      const scaled = column(ops.mul(confidence, bins))
      const border = ops.iota([n, bins], 1, "f64")
      const below = ops.or(ops.lt(border, scaled), ops.eq(border, ops.full([n, bins], 0, "f64")))
      const inside = ops.cast(ops.and(below, ops.le(scaled, ops.add(border, 1))), "f64")
      const add = (x: AnyTensor): AnyTensor =>
        ops.reduceSum(ops.mul(inside, column(weights === undefined ? x : weighed(x, weights))), [0])
      return { count: add(ops.full(confidence.shape, 1, "f64")), confidence: add(confidence), right: add(right) }
    },
    result: ({ count, confidence, right }) => {
      const apart = ops.reduceSum(ops.abs(ops.sub(right, confidence)), [0])
      // A sum over all bins is a scalar.
      return ratioOrZero(apart, ops.reduceSum(count, [0])) as Tensor<[], "f64">
    }
  })
}
