/** Rows of a table of learned vectors. */
import type { DType } from "../dtype.ts"
import { DTypeError, ShapeError } from "../errors.ts"
import { checkOperand, face } from "../face.ts"
import type { FirstMismatch } from "../normalization-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Taken } from "../shape-rules.ts"
import type { Guard, Mismatch, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"

/** Options of embedding. */
export interface EmbeddingOptions {
  /** The index whose row stays as it is: no derivative flows into it. Negative ones count from the last row. */
  readonly paddingIndex?: number
}

/** The shape of rows of a table by indices, or the sentence. */
export type EmbeddingRule<S extends Shape, N extends Shape, E extends DType> = FirstMismatch<
  [
    DType extends E
      ? unknown
      : [E] extends ["i32"]
        ? unknown
        : Mismatch<`embedding: indices must be i32, they are ${E}; use T.cast`>,
    S extends readonly [] ? Mismatch<"embedding: a scalar has no rows"> : Taken<S, N>
  ]
>

/**
 * Rows of a table by i32 indices: `[rows, ...rest]` by `[...n]` gives `[...n, ...rest]`, as `T.take` does; indices out
 * of range take the nearest row.
 *
 * ```ts
 * const y = T.embedding(T.ones([100, 16]), T.constant([[4, 7, 0]], "i32"), { paddingIndex: 0 })   // Tensor<[1, 3, 16]>
 * ```
 *
 * With `paddingIndex`, the derivative of that row is 0 (PyTorch's `padding_idx`). Throws DTypeError unless indices are
 * i32, ShapeError for a table without rows or an index of padding outside it.
 */
export const embedding: <S extends Shape, D extends DType, N extends Shape, E extends DType>(
  table: Tensor<S, D>,
  indices: Tensor<N, E> & Guard<EmbeddingRule<S, N, E>>,
  options?: EmbeddingOptions
) => TensorOf<EmbeddingRule<S, N, E>, D> = face(
  1,
  (table: AnyTensor, indices: AnyTensor, { paddingIndex }: EmbeddingOptions = {}) => {
    checkOperand("embedding", "any", table)
    checkOperand("embedding", "any", indices)
    if (indices.dtype !== "i32")
      throw new DTypeError(`embedding: indices must be i32, they are ${indices.dtype}; use T.cast`)
    const [count] = table.shape
    if (count === undefined) throw new ShapeError("embedding: a scalar has no rows")
    const rows = ops.gather(table, indices, 0)
    if (paddingIndex === undefined) return rows
    const padding = paddingIndex < 0 ? paddingIndex + count : paddingIndex
    if (!Number.isInteger(padding) || padding < 0 || padding >= count)
      throw new ShapeError(`embedding: row ${paddingIndex} does not exist in a table of ${count} rows`)
    const isPadding = ops.eq(indices, ops.full(indices.shape, padding, "i32"))
    const spread = ops.reshape(isPadding, [...indices.shape, ...table.shape.slice(1).map(() => 1)])
    return ops.select(spread, ops.stopGradient(rows), rows)
  }
)
