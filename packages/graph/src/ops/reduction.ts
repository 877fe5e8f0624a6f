/** Reductions over axes: all of them unless `axis` is given; negative axes count from the back. */
import { optionError, ShapeError, showShape } from "../errors.ts"
import type { Reduction } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { elementsAlong } from "./elements.ts"
import { product } from "./pairwise-product.ts"
import { pNorm, positivePower } from "./p-norm.ts"
import { asLast, countOf, reduction, type ReductionWith, reductionWith } from "./reducing.ts"
import { spread } from "./shift.ts"

const average = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor =>
  ops.div(ops.reduceSum(x, axes), countOf(x, axes))

/** The sum: `pipe(x, T.sum({ axis: -1 }))`. */
export const sum = reduction("sum", "number", ops.reduceSum)
/** The arithmetic mean of floats; of no elements it is NaN. */
export const mean = reduction("mean", "float", average)

/** What ties do to the derivative. */
export interface TiesOption {
  /** "share", unless given: equal elements take even shares, as in `torch.amax`. "first": the first of them takes all, as in `torch.max(x, dim)`. */
  readonly ties?: "share" | "first"
}

/** The element that a search along the last axis finds. */
const found = (x: AnyTensor, search: (x: AnyTensor) => AnyTensor): AnyTensor => {
  const last = x.shape.length - 1
  const shape = x.shape.slice(0, -1)
  return ops.reshape(elementsAlong(x, ops.reshape(ops.argmax(search(x), last), [...shape, 1]), last), shape)
}

const extremum = <Op extends "max" | "min">(
  operation: Op,
  shared: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor,
  search: (x: AnyTensor) => AnyTensor
): ReductionWith<Op, "number", TiesOption> =>
  reductionWith(operation, "number", (x, axes, { ties = "share" }) => {
    if (ties !== "share" && ties !== "first") throw optionError(`${operation}: ties`, `"share" or "first"`, ties)
    if (ties === "share" || axes.length === 0) return shared(x, axes)
    if (countOf(x, axes) === 0)
      throw new ShapeError(`${operation}: the axes are empty in ${showShape(x.shape)}, there is no first element`)
    return found(asLast(x, axes), search)
  })

/**
 * The largest element; NaN if there is one, of no elements -Infinity. Ties share the derivative, or the first takes it:
 *
 * ```ts
 * const shared = grad((x: Tensor<[3]>) => T.max(x))(T.constant([1, 2, 2]))                       // [0, 0.5, 0.5]
 * const first = grad((x: Tensor<[3]>) => T.max(x, { ties: "first" }))(T.constant([1, 2, 2]))     // [0, 1, 0]
 * ```
 */
export const max: ReductionWith<"max", "number", TiesOption> = extremum("max", ops.reduceMax, (x) => x)

/** The smallest element; NaN if there is one, of no elements Infinity. Ties share the derivative, or the first takes it, as for `max`. */
export const min: ReductionWith<"min", "number", TiesOption> = extremum("min", ops.reduceMin, (x) =>
  // The complement turns the order of integers round: the negative of the smallest i32 is itself.
  x.dtype === "i32" || x.dtype === "u32" ? ops.not(x) : ops.neg(x)
)

/** What a variance divides by: the number of elements less `correction`. */
export interface CorrectionOption {
  /** 0 unless given, as in numpy and Keras; 1 is the unbiased estimate, PyTorch's default. */
  readonly correction?: number
}

const varianceOf = (
  operation: string,
  x: AnyTensor,
  axes: ReadonlyArray<number>,
  { correction = 0 }: CorrectionOption
): AnyTensor => {
  if (!Number.isFinite(correction)) throw optionError(`${operation}: correction`, "a number", correction)
  const centered = ops.sub(x, spread(average(x, axes), x, axes))
  const squares = ops.reduceSum(ops.mul(centered, centered), axes)
  return ops.div(squares, Math.max(0, countOf(x, axes) - correction))
}

/**
 * The mean of squared deviations from the mean: `sum (x - mean)^2 / (n - correction)`. Of no more elements than the
 * correction it is NaN or Infinity.
 *
 * ```ts
 * const biased = T.variance(T.constant([1, 2, 3, 4]))                         // 1.25
 * const unbiased = T.variance(T.constant([1, 2, 3, 4]), { correction: 1 })    // 5 / 3
 * ```
 */
export const variance: ReductionWith<"variance", "float", CorrectionOption> = reductionWith(
  "variance",
  "float",
  (x, axes, options) => varianceOf("variance", x, axes, options)
)

/**
 * The standard deviation, the root of `variance`. Where all elements are equal it is 0 and its derivative is 0, PyTorch's
 * subgradient, which keeps a constant feature from turning gradients into NaN.
 */
export const std: ReductionWith<"std", "float", CorrectionOption> = reductionWith("std", "float", (x, axes, options) =>
  positivePower(varianceOf("std", x, axes, options), 0.5)
)

/** Which norm. */
export interface NormOption {
  /** 2 unless given; 1, Infinity, -Infinity, 0 (how many are not 0) or any other number. */
  readonly p?: number
}

/**
 * The p-norm of vectors: `(sum |x|^p)^(1/p)` over the axes, all of them unless given; the largest size for p = Infinity, the
 * smallest for -Infinity, the number of elements that are not 0 for p = 0. The derivative of the norm of zeros is 0, where
 * the formula would give NaN; of elements that are 0 it is 0; ties of the largest share it. PyTorch's
 * `linalg.vector_norm`; of matrices see `matrixNorm`.
 *
 * ```ts
 * const y = T.norm(T.constant([3, 4]))             // 5
 * const z = T.norm(T.constant([3, 4]), { p: 1 })   // 7
 * ```
 */
export const norm: ReductionWith<"norm", "float", NormOption> = reductionWith("norm", "float", (x, axes, { p = 2 }) => {
  if (Number.isNaN(p)) throw optionError("norm: p", "a number", p)
  return pNorm(x, p, axes)
})

/** The product: of no elements it is 1. Its derivatives are right where factors are 0, at every order: nothing is divided. */
export const prod = reduction("prod", "number", (x, axes) => product(asLast(x, axes)))

const truths = (x: AnyTensor): AnyTensor => ops.cast(x, "i32")

/** Whether at least one element is true; of no elements, false. */
export const any: Reduction<"any", "bool", "bool"> = reduction("any", "bool", (x, axes) =>
  ops.lt(ops.full([], 0, "i32"), ops.reduceSum(truths(x), axes))
)

/** Whether every element is true; of no elements, true. */
export const all: Reduction<"all", "bool", "bool"> = reduction("all", "bool", (x, axes) =>
  ops.eq(ops.reduceSum(truths(x), axes), countOf(x, axes))
)

/** How many elements are true, as i32. */
export const count: Reduction<"count", "bool", "i32"> = reduction("count", "bool", (x, axes) =>
  ops.reduceSum(truths(x), axes)
)

/** How many elements are not 0, as i32; NaN is not 0. numpy's and PyTorch's `count_nonzero`. */
export const countNonzero: Reduction<"countNonzero", "any", "i32"> = reduction("countNonzero", "any", (x, axes) =>
  ops.reduceSum(truths(x.dtype === "bool" ? x : ops.not(ops.eq(x, ops.full([], 0, x.dtype)))), axes)
)

const isNumber = (x: AnyTensor): AnyTensor => ops.eq(x, x)

/** The sum of the elements that are not NaN, which have a derivative of 0; of none it is 0. numpy's and PyTorch's `nansum`. */
export const nansum = reduction("nansum", "float", (x, axes) => ops.reduceSum(ops.select(isNumber(x), x, 0), axes))

/** The mean of the elements that are not NaN, which have a derivative of 0; of none it is NaN. numpy's and PyTorch's `nanmean`. */
export const nanmean = reduction("nanmean", "float", (x, axes) =>
  ops.div(ops.reduceSum(ops.select(isNumber(x), x, 0), axes), ops.reduceSum(ops.cast(isNumber(x), x.dtype), axes))
)
