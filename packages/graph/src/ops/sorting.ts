/**
 * Axes in the order of their elements. There is no `unique`: how many elements it gives depends on the values, and shapes are
 * known before a program runs.
 */
import { normalizeAxis } from "../axes.ts"
import type { DimAt, WithDim } from "../axis-rules.ts"
import type { Minus } from "../difference.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AxisOf } from "../shape-rules.ts"
import type { Guard, IsSize, Mismatch, Shape, Show } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { elementsAlong, orderOf } from "./elements.ts"

/** How to sort: along the last axis and the smallest first, unless given. */
export interface SortOptions<A extends number = number> {
  readonly axis?: A
  readonly descending?: boolean
}

type SortRule<Op extends string, S extends Shape, D extends DType, A> = Accepts<
  Op,
  "number",
  D,
  AxisOf<Op, S, A, unknown>
>

/** A sort that holds its options and waits for its operand. */
export interface SortBy<Op extends string, A extends number, Out extends DType | "same"> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<SortRule<Op, S, D, A>>
  ): Tensor<S, Out extends DType ? Out : D>
}

/** Sorting, with results of element type `Out` or that of the operand. */
export interface Sorting<Op extends string, Out extends DType | "same"> {
  <const A extends number = -1>(options?: SortOptions<A>): SortBy<Op, A, Out>
  <S extends Shape, D extends DType, const A extends number = -1>(
    self: Tensor<S, D> & Guard<Accepts<Op, "number", D>>,
    options?: SortOptions<A> & Guard<AxisOf<Op, S, A, unknown>>
  ): Tensor<S, Out extends DType ? Out : D>
}

/**
 * Where the elements of a sorted axis come from, as i32: `T.takeAlongAxis(x, T.argsort(x))` is `T.sort(x)`. Along the last axis
 * and ascending unless given.
 *
 * Stable: equal elements keep their order, also when descending, and -0 equals 0. NaN counts as greater than every number: it
 * comes last, and first when descending, as in PyTorch. It has no derivative.
 *
 * ```ts
 * const y = T.argsort(T.constant([30, 10, 20]))                             // [1, 2, 0]
 * ```
 */
export const argsort: Sorting<"argsort", "i32"> = faceWithOptions((x: AnyTensor, options: SortOptions = {}) => {
  checkOperand("argsort", "number", x)
  return orderOf(x, normalizeAxis("argsort", x.shape, options.axis ?? -1), options.descending === true)
})

/**
 * The elements in order along an axis, the last and ascending unless given; in the order of `T.argsort`, stable and with NaN as
 * the greatest. The derivative is that of the permutation: `x_bar[order[i]] = y_bar[i]`.
 *
 * ```ts
 * const y = T.sort(T.constant([30, 10, 20]), { descending: true })          // [30, 20, 10]
 * ```
 */
export const sort: Sorting<"sort", "same"> = faceWithOptions((x: AnyTensor, options: SortOptions = {}) => {
  checkOperand("sort", "number", x)
  const axis = normalizeAxis("sort", x.shape, options.axis ?? -1)
  return elementsAlong(x, orderOf(x, axis, options.descending === true), axis)
})

/** Along which axis to choose, the last unless given, and whether the largest, unless given, or the smallest. */
export interface TopKOptions<A extends number = number> {
  readonly axis?: A
  readonly largest?: boolean
}

/** The shape of so many elements along an axis, or the sentence. */
export type TopKRule<S extends Shape, D extends DType, K extends number, A extends number> = Accepts<
  "topK",
  "number",
  D,
  `${K}` extends `-${string}`
    ? Mismatch<`topK: the number of elements is a whole number, 0 or more; it is ${K}`>
    : [IsSize<DimAt<S, A>>, IsSize<K>] extends [true, true]
      ? [Minus<DimAt<S, A>, K>] extends [never]
        ? Mismatch<`topK: ${K} elements of axis ${A} of ${Show<S>}, which has ${DimAt<S, A>}`>
        : WithDim<"topK", S, A, K>
      : WithDim<"topK", S, A, K>
>

/** The elements of a choice, in order, and where they come from. */
export interface TopK<S, D extends DType> {
  readonly values: TensorOf<S, D>
  readonly indices: TensorOf<S, "i32">
}

/** A choice that waits for its operand. */
export interface TopKBy<K extends number, A extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<TopKRule<S, D, K, A>>): TopK<TopKRule<S, D, K, A>, D>
}

/**
 * The `k` largest elements along an axis (the smallest with `largest: false`), the extreme first, and where they come from:
 * torch.topk, jax.lax.top_k. Of equal elements the first come first; NaN counts as greater than every number. The derivative
 * flows to the chosen elements.
 *
 * ```ts
 * const { values, indices } = T.topK(T.constant([3, 9, 7]), 2)              // [9, 7] and [1, 2]
 * ```
 */
export const topK: {
  <const K extends number, const A extends number = -1>(k: K, options?: TopKOptions<A>): TopKBy<K, A>
  <S extends Shape, D extends DType, const K extends number, const A extends number = -1>(
    self: Tensor<S, D> & Guard<TopKRule<S, D, K, A>>,
    k: K,
    options?: TopKOptions<A>
  ): TopK<TopKRule<S, D, K, A>, D>
} = faceWithOptions((x: AnyTensor, k: number, { axis: given = -1, largest = true }: TopKOptions = {}) => {
  checkOperand("topK", "number", x)
  const axis = normalizeAxis("topK", x.shape, given)
  const size = x.shape[axis] ?? 0
  if (!Number.isInteger(k) || k < 0)
    throw new ShapeError(`topK: the number of elements is a whole number, 0 or more; it is ${k}`)
  if (k > size) throw new ShapeError(`topK: ${k} elements of axis ${given} of ${showShape(x.shape)}, which has ${size}`)
  const indices = ops.slice(orderOf(x, axis, largest), {
    start: x.shape.map(() => 0),
    limit: x.shape.with(axis, k),
    step: x.shape.map(() => 1)
  })
  return { values: elementsAlong(x, indices, axis), indices }
})
