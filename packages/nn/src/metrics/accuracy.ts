/** Accuracies: the share of answers that are right. */
import { type DType, type Shape, T, type Tensor } from "@cotangent/graph"
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
