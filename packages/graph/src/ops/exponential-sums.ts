/** Sums and means of exponentials as logarithms, and the softmax of negated numbers. */
import { normalizeAxis } from "../axes.ts"
import { type AlongAxis, type AxisOption, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { finiteShift, logOfSum } from "./log-of-sum.ts"
import { normalizedExponential } from "./normalized-exponential.ts"
import { countOf, reduction } from "./reducing.ts"
import { spread } from "./shift.ts"

const logSum = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor => {
  const shift = finiteShift(ops.stopGradient(ops.reduceMax(x, axes)))
  return logOfSum(ops.reduceSum(ops.exp(ops.sub(x, spread(shift, x, axes))), axes), shift)
}

/**
 * `ln sum e^x`, shifted by the maximum: neither overflows nor loses small terms. Of -Infinity only, and of no elements, it is
 * -Infinity, with derivative 0; with Infinity among the elements it is Infinity.
 */
export const logsumexp = reduction("logsumexp", "float", logSum)

/** `ln mean e^x`, the logarithm of the mean of exponentials, with the corners of `logsumexp`. */
export const logmeanexp = reduction("logmeanexp", "float", (x, axes) =>
  ops.sub(logSum(x, axes), ops.full([], Math.log(countOf(x, axes)), x.dtype))
)

/** `e^-x_i / sum_j e^-x_j` along an axis: the softmax of -x. PyTorch's `softmin`. */
export const softmin: AlongAxis<"softmin"> = faceWithOptions((x: AnyTensor, options: AxisOption = {}) => {
  checkOperand("softmin", "float", x)
  return normalizedExponential(ops.neg(x), [normalizeAxis("softmin", x.shape, options.axis ?? -1)])
})
