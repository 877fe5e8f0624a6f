/** Reductions over axes: all of them unless `axis` is given; negative axes count from the back. */
import { keepAxes, normalizeAxes, normalizeAxis } from "../axes.ts"
import type { Domain, DType } from "../dtype.ts"
import { checkOperand, faceWithOptions, type ReduceOptions, type Reduction } from "../face.ts"
import { operations as ops } from "../operations.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { shiftOf, spread } from "./shift.ts"

type Options = ReduceOptions<number | ReadonlyArray<number> | undefined, boolean>

/** A reduction under its public name, from what it does to axes that are sorted and counted from the front. */
const reduction = <Op extends string, In extends Domain = "number", Out extends DType | "same" = "same">(
  operation: Op,
  domain: In,
  reduce: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor
): Reduction<Op, In, Out> =>
  faceWithOptions((x: AnyTensor, options: Options = {}): AnyTensor => {
    checkOperand(operation, domain, x)
    const axes = normalizeAxes(operation, x.shape, options.axis)
    const y = reduce(x, axes)
    return options.keepDims === true ? ops.reshape(y, keepAxes(x.shape, axes)) : y
  })

const countOf = (x: AnyTensor, axes: ReadonlyArray<number>): number => sizeOf(axes.map((axis) => x.shape[axis] ?? 1))

const average = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor =>
  ops.div(ops.reduceSum(x, axes), countOf(x, axes))

/** The sum: `pipe(x, T.sum({ axis: -1 }))`. */
export const sum = reduction("sum", "number", ops.reduceSum)
/** The arithmetic mean of floats; of no elements it is NaN. */
export const mean = reduction("mean", "float", average)
/** The largest element; ties share the derivative. */
export const max = reduction("max", "number", ops.reduceMax)
/** The smallest element; ties share the derivative. */
export const min = reduction("min", "number", ops.reduceMin)

/** The mean of squared deviations from the mean: divides by n, as Keras and numpy do. */
export const variance = reduction("variance", "float", (x, axes) => {
  const centered = ops.sub(x, spread(average(x, axes), x, axes))
  return average(ops.mul(centered, centered), axes)
})

/** `ln sum e^x`, shifted by the maximum: neither overflows nor loses small terms; all -Infinity gives -Infinity. */
export const logsumexp = reduction("logsumexp", "float", (x, axes) => {
  const shift = shiftOf(x, axes)
  return ops.add(ops.log(ops.reduceSum(ops.exp(ops.sub(x, spread(shift, x, axes))), axes)), shift)
})

/** The index of the first largest element along one axis (the last unless given), as i32; a NaN counts as the largest. */
export const argmax: Reduction<"argmax", "number", "i32", number, -1> = faceWithOptions(
  (x: AnyTensor, options: ReduceOptions<number, boolean> = {}) => {
    checkOperand("argmax", "number", x)
    const axis = normalizeAxis("argmax", x.shape, options.axis ?? -1)
    const y = ops.argmax(x, axis)
    return options.keepDims === true ? ops.reshape(y, keepAxes(x.shape, [axis])) : y
  }
)
