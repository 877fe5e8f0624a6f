/** Sums over the units of a leaf: what feeds one output, which is the last axis of a kernel here, in Keras and in Optax. */
import { type AnyTensor, operations as ops } from "@cotangent/graph"

/**
 * The sum over all axes but the last, kept as axes of size 1; of a scalar or vector, over everything. For kernels
 * `[in, out]` and `[height, width, in, out]` that is one number for each output.
 */
export const sumOverUnits = (x: AnyTensor): AnyTensor => {
  const rank = x.shape.length
  const axes = rank < 2 ? x.shape.map((_, axis) => axis) : x.shape.slice(0, -1).map((_, axis) => axis)
  return ops.reshape(
    ops.reduceSum(x, axes),
    rank < 2 ? x.shape.map(() => 1) : x.shape.map((size, axis) => (axis === rank - 1 ? size : 1))
  )
}

/** How many elements are summed for each unit. */
export const unitSize = (x: AnyTensor): number => {
  const size = x.shape.reduce((a, b) => a * b, 1)
  return x.shape.length < 2 ? size : size / (x.shape.at(-1) || 1)
}

/** The root of the sum of squares of each unit. */
export const unitNorm = (x: AnyTensor): AnyTensor => ops.sqrt(sumOverUnits(ops.mul(x, x)))
