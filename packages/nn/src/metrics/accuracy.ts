/** Accuracies: the share of answers that are right. */
import { type AnyTensor, type DType, operations as ops, type Shape, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { mean, type Metric } from "./metric.ts"

const share = (right: Tensor<Shape, "bool">): Tensor<Shape> => T.cast(right, "f32")

const classOf = (x: Tensor<Shape, DType>): Tensor<Shape, "i32"> => T.argmax(x, { axis: -1 })

/** The share of rows whose largest output stands at the label; of equal outputs the first counts. */
export const sparseCategoricalAccuracy: Metric<"labels"> = mean({
  name: "sparseCategoricalAccuracy",
  targets: "labels",
  elements: (output, label) => share(T.equal(classOf(output), label))
})

/** The share of rows whose largest output stands where the largest target stands; of equal ones the first counts. */
export const categoricalAccuracy: Metric<"values"> = mean({
  name: "categoricalAccuracy",
  targets: "values",
  elements: (output, target) => share(T.equal(classOf(output), classOf(target)))
})

/** Options of the accuracies of the first k. */
export interface TopKOptions {
  /** How many of the largest outputs may hold the class; 5 unless given. */
  readonly k?: number
}

/** Whether fewer than k outputs of a row are larger than that of the class. */
const isAmong = (output: AnyTensor, label: AnyTensor, k: number): Tensor<Shape, "bool"> => {
  const classes = output.shape.at(-1) ?? 1
  // Labels are i32.
  const isLabel = T.oneHot(label as Tensor<Shape, "i32">, classes, "bool")
  const last = [output.shape.length - 1]
  const own = ops.reduceMax(ops.select(isLabel, output, Number.NEGATIVE_INFINITY), last)
  const column = ops.broadcast(ops.reshape(own, [...own.shape, 1]), output.shape)
  const larger = ops.reduceSum(ops.cast(ops.lt(column, output), "f32"), last)
  // A comparison gives bool.
  return ops.lt(larger, k) as Tensor<Shape, "bool">
}

const checkK = (name: string, k = 5): number => {
  if (!Number.isInteger(k) || k < 1) throw optionError(`${name}: k`, "a whole number above 0", k)
  return k
}

/** The share of rows whose label is among the k largest outputs; ties count for it. Keras's `SparseTopKCategoricalAccuracy`. */
export const sparseTopKCategoricalAccuracy = (options: TopKOptions = {}): Metric<"labels"> => {
  const k = checkK("sparseTopKCategoricalAccuracy", options.k)
  return mean({
    name: "sparseTopKCategoricalAccuracy",
    targets: "labels",
    elements: (output, label) => share(isAmong(output, label, k))
  })
}

/** The share of rows whose largest target is among the k largest outputs. Keras's `TopKCategoricalAccuracy`. */
export const topKCategoricalAccuracy = (options: TopKOptions = {}): Metric<"values"> => {
  const k = checkK("topKCategoricalAccuracy", options.k)
  return mean({
    name: "topKCategoricalAccuracy",
    targets: "values",
    elements: (output, target) => share(isAmong(output, classOf(target), k))
  })
}

/** Options of binaryAccuracyWith. */
export interface BinaryAccuracyOptions {
  /** An output above it means 1: 0.5 for probabilities, 0 for logits. */
  readonly threshold: number
}

/** The share of elements on the right side of a threshold: `(y > threshold) = t` for targets 0 and 1. */
export const binaryAccuracyWith = ({ threshold }: BinaryAccuracyOptions): Metric<"values"> =>
  mean({
    name: "binaryAccuracy",
    targets: "values",
    elements: (output, target) => share(T.equal(T.cast(T.greater(output, threshold), output.dtype), target))
  })

/** The share of probabilities on the right side of 0.5; for logits use `binaryAccuracyWith({ threshold: 0 })`. */
export const binaryAccuracy: Metric<"values"> = binaryAccuracyWith({ threshold: 0.5 })
