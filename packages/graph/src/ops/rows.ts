/** Rows of tensors: the parts at one place of an axis, taken and added by indices along that axis. */
import { normalizeAxis, sameShape } from "../axes.ts"
import type { TakenAlong } from "../axis-rules.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, type AxisOption, checkOperand, faceOfTwo, faceWhen, type SameDType } from "../face.ts"
import type { IndexType } from "../indexing-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Mismatch, SameShape, Shape, Show } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { checkIndices, checkIndexType } from "./places.ts"

/** The shape of rows by indices, or the sentence. */
export type TakeRule<S extends Shape, N extends Shape, E extends DType, A extends number> = IndexType<
  "take",
  E,
  TakenAlong<"take", S, N, A>
>

/** A selection of rows that holds the indices and waits for the table. */
export interface TakeBy<N extends Shape, E extends DType, A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<TakeRule<S, N, E, A>>
  ): TensorOf<TakeRule<S, N, E, A>, D>
}

/**
 * Rows of a table by i32 indices: `[rows, ...rest]` by `[...n]` gives `[...n, ...rest]`, and along any axis the shape of the
 * indices stands in its place. This is numpy.take with an axis, torch.index_select for indices of one dimension.
 *
 * ```ts
 * const y = T.take(T.ones([5, 3]), T.constant([4, 0], "i32"))                    // Tensor<[2, 3]>
 * const z = T.take(T.ones([5, 3]), T.constant([[2, 0]], "i32"), { axis: 1 })      // Tensor<[5, 1, 2]>
 * ```
 *
 * Negative indices count from the back. An index out of range throws a ShapeError when it is a constant; a computed one takes
 * the nearest row, so that no memory outside the table is ever read. Where indices repeat, their derivatives are added.
 */
export const take: {
  <N extends Shape, E extends DType, const A extends number = 0>(
    indices: Tensor<N, E>,
    options?: AxisOption<A>
  ): TakeBy<N, E, A>
  <S extends Shape, D extends DType, N extends Shape, E extends DType, const A extends number = 0>(
    self: Tensor<S, D>,
    indices: Tensor<N, E> & Guard<TakeRule<S, N, E, A>>,
    options?: AxisOption<A>
  ): TensorOf<TakeRule<S, N, E, A>, D>
} = faceOfTwo((table: AnyTensor, indices: AnyTensor, options: AxisOption = {}) => {
  checkOperand("take", "any", table)
  checkIndexType("take", indices)
  const axis = normalizeAxis("take", table.shape, options.axis ?? 0)
  checkIndices("take", indices, axis, table.shape)
  return ops.gather(table, indices, axis)
})

/** Options of adding rows: the axis, the first unless given, and what they are multiplied by, 1 unless given. */
export interface IndexAddOptions<A extends number = number> extends AxisOption<A> {
  readonly alpha?: number
}

/** `unknown` when rows can be added at indices, or the sentence. */
export type IndexAddRule<
  S extends Shape,
  D extends DType,
  N extends Shape,
  E extends DType,
  U extends Shape,
  F extends DType,
  A extends number
> = Guard<
  Accepts<
    "indexAdd",
    "number",
    D,
    SameDType<"indexAdd", D, F, IndexType<"indexAdd", E, RowsFit<TakenAlong<"indexAdd", S, N, A>, U>>>
  >
>
type RowsFit<R, U extends Shape> = R extends Shape
  ? SameShape<R, U> extends true
    ? unknown
    : Mismatch<`indexAdd: rows have shape ${Show<U>}, these indices need ${Show<R>}`>
  : R

/** Rows and indices that wait for the tensor they are added to. */
export interface IndexAddBy<N extends Shape, E extends DType, U extends Shape, F extends DType, A extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & IndexAddRule<S, D, N, E, U, F, A>): Tensor<S, D>
}

/**
 * The tensor with rows added at indices along an axis, the first unless given: `y = x; y[n[j]] += alpha u[j]`, in the order
 * of the indices. This is torch.index_add: the transpose of `T.take`, whose shape `rows` must have.
 *
 * Negative indices count from the back. An index out of range throws a ShapeError when it is a constant; a computed one adds
 * to the nearest row.
 */
export const indexAdd: {
  <N extends Shape, E extends DType, U extends Shape, F extends DType, const A extends number = 0>(
    indices: Tensor<N, E>,
    rows: Tensor<U, F>,
    options?: IndexAddOptions<A>
  ): IndexAddBy<N, E, U, F, A>
  <
    S extends Shape,
    D extends DType,
    N extends Shape,
    E extends DType,
    U extends Shape,
    F extends DType,
    const A extends number = 0
  >(
    self: Tensor<S, D>,
    indices: Tensor<N, E>,
    rows: Tensor<U, F> & IndexAddRule<S, D, N, E, U, F, A>,
    options?: IndexAddOptions<A>
  ): Tensor<S, D>
} = faceWhen(
  (operands) => isTensor(operands[2]),
  (x: AnyTensor, indices: AnyTensor, rows: AnyTensor, { axis: given = 0, alpha = 1 }: IndexAddOptions = {}) => {
    checkOperand("indexAdd", "number", x)
    checkSameDType("indexAdd", x.dtype, rows.dtype)
    checkIndexType("indexAdd", indices)
    const axis = normalizeAxis("indexAdd", x.shape, given)
    checkIndices("indexAdd", indices, axis, x.shape)
    const needed = x.shape.toSpliced(axis, 1, ...indices.shape)
    if (!sameShape(needed, rows.shape))
      throw new ShapeError(
        `indexAdd: rows have shape ${showShape(rows.shape)}, these indices need ${showShape(needed)}`
      )
    return ops.scatterAdd(x, indices, alpha === 1 ? rows : ops.mul(rows, alpha), axis)
  }
)
