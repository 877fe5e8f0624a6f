/** Diagonals and triangles of matrices, which the last two axes make unless others are named. */
import { normalizeAxis } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import { onDiagonal } from "../primitives/diagonal.ts"
import type { AxisOf, Reduced } from "../shape-rules.ts"
import type { Dim, Guard, Mismatch, Shape, Show } from "../shape.ts"
import { type AnyTensor, type Tensor, type TensorOf } from "../tensor.ts"

/** Which diagonal: 0 is the main one, positive ones lie above it, negative ones below. */
export interface OffsetOption<K extends number = number> {
  readonly offset?: K
}

const offsetOf = (operation: string, { offset = 0 }: OffsetOption): number => {
  if (!Number.isSafeInteger(offset)) throw new ShapeError(`${operation}: the offset is a whole number, it is ${offset}`)
  return offset
}

/** Which diagonal of which matrices: rows and columns are the first two axes unless named, as in numpy and PyTorch. */
export interface DiagonalOptions<
  K extends number = number,
  A extends number = number,
  B extends number = number
> extends OffsetOption<K> {
  readonly rows?: A
  readonly columns?: B
}

type MainLength<M extends Dim, N extends Dim> = [M, N] extends [N, M] ? M : number

/** The shape without two axes, and with the length of their diagonal at its end, or the sentence. */
export type DiagonalRule<
  Op extends string,
  S extends Shape,
  K extends number,
  A extends number,
  B extends number
> = number extends S["length"]
  ? Shape
  : Reduced<Op, S, readonly [A, B], false> extends infer Rest
    ? Rest extends Shape
      ? S extends readonly [infer M extends Dim, infer N extends Dim]
        ? [[K] extends [0] ? MainLength<M, N> : number]
        : [...Rest, number]
      : Rest
    : never

/** A diagonal that waits for its operand. */
export interface DiagonalOf<Op extends string, K extends number, A extends number, B extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<DiagonalRule<Op, S, K, A, B>>
  ): TensorOf<DiagonalRule<Op, S, K, A, B>, D>
}

const takeDiagonal = (operation: string, x: AnyTensor, options: DiagonalOptions): AnyTensor => {
  const rows = normalizeAxis(operation, x.shape, options.rows ?? 0)
  const columns = normalizeAxis(operation, x.shape, options.columns ?? 1)
  if (rows === columns)
    throw new ShapeError(
      `${operation}: an axis is named twice in ${showShape([options.rows ?? 0, options.columns ?? 1])}`
    )
  const [y = x] = ops.diagonal([x], { offset: offsetOf(operation, options), rows, columns })
  return y
}

/**
 * The diagonal of the matrices that two axes make, the first two unless named, as a new last axis:
 * `y[..., i] = x[i, i + offset, ...]`. A view: no element moves. This is numpy.diagonal and torch.diagonal.
 *
 * ```ts
 * const y = T.diagonal(T.ones([3, 5]), { offset: 1 })                      // three elements above the main diagonal
 * const z = T.diagonal(T.ones([2, 4, 4]), { rows: 1, columns: 2 })         // one diagonal per matrix: [2, 4]
 * ```
 */
export const diagonal: {
  <const K extends number = 0, const A extends number = 0, const B extends number = 1>(
    options?: DiagonalOptions<K, A, B>
  ): DiagonalOf<"diagonal", K, A, B>
  <
    S extends Shape,
    D extends DType,
    const K extends number = 0,
    const A extends number = 0,
    const B extends number = 1
  >(
    self: Tensor<S, D> & Guard<DiagonalRule<"diagonal", S, K, A, B>>,
    options?: DiagonalOptions<K, A, B>
  ): TensorOf<DiagonalRule<"diagonal", S, K, A, B>, D>
} = faceWithOptions((x: AnyTensor, options: DiagonalOptions = {}) => {
  checkOperand("diagonal", "any", x)
  return takeDiagonal("diagonal", x, options)
})

/** What `diag` makes of a vector or a matrix, or the sentence. */
export type DiagRule<S extends Shape, K extends number> = number extends S["length"]
  ? Shape
  : S extends readonly [infer N extends Dim]
    ? [K] extends [0]
      ? [N, N]
      : [number, number]
    : S extends readonly [infer M extends Dim, infer N extends Dim]
      ? [[K] extends [0] ? MainLength<M, N> : number]
      : Mismatch<`diag: ${Show<S>} is neither a vector nor a matrix; use T.diagonal`>

/** `diag` with an offset, waiting for its operand. */
export interface DiagBy<K extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<DiagRule<S, K>>): TensorOf<DiagRule<S, K>, D>
}

/**
 * A matrix with a vector on its diagonal and zeros elsewhere, or the diagonal of a matrix as a vector: numpy.diag and
 * torch.diag. With an offset the matrix of a vector has `n + |offset|` rows and columns.
 */
export const diag: {
  <const K extends number = 0>(options?: OffsetOption<K>): DiagBy<K>
  <S extends Shape, D extends DType, const K extends number = 0>(
    self: Tensor<S, D> & Guard<DiagRule<S, K>>,
    options?: OffsetOption<K>
  ): TensorOf<DiagRule<S, K>, D>
} = faceWithOptions((x: AnyTensor, options: OffsetOption = {}) => {
  checkOperand("diag", "any", x)
  const [n = 0] = x.shape
  const offset = offsetOf("diag", options)
  if (x.shape.length === 1) return onDiagonal(ops, x, n + Math.abs(offset), n + Math.abs(offset), offset)
  if (x.shape.length === 2) return takeDiagonal("diag", x, options)
  throw new ShapeError(`diag: ${showShape(x.shape)} is neither a vector nor a matrix; use T.diagonal`)
})

/** The shape that a trace leaves, or the sentence. */
export type TraceRule<S extends Shape, D extends DType, A extends number, B extends number> = Accepts<
  "trace",
  "number",
  D,
  Reduced<"trace", S, readonly [A, B], false>
>

/** A trace that waits for its operand. */
export interface TraceOf<A extends number, B extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<TraceRule<S, D, A, B>>
  ): TensorOf<TraceRule<S, D, A, B>, D>
}

/**
 * The sum of a diagonal of the matrices that two axes make, the first two unless named: `y = sum_i x[i, i + offset]`. This is
 * numpy.trace and torch.trace.
 */
export const trace: {
  <const A extends number = 0, const B extends number = 1>(options?: DiagonalOptions<number, A, B>): TraceOf<A, B>
  <S extends Shape, D extends DType, const A extends number = 0, const B extends number = 1>(
    self: Tensor<S, D> & Guard<TraceRule<S, D, A, B>>,
    options?: DiagonalOptions<number, A, B>
  ): TensorOf<TraceRule<S, D, A, B>, D>
} = faceWithOptions((x: AnyTensor, options: DiagonalOptions = {}) => {
  checkOperand("trace", "number", x)
  const y = takeDiagonal("trace", x, options)
  return ops.reduceSum(y, [y.shape.length - 1])
})

/** `unknown` when there are two axes to make matrices of, or the sentence. */
export type MatrixRule<Op extends string, S extends Shape> = AxisOf<Op, S, -2, unknown>

/** A triangle that waits for its operand. */
export interface KeptTriangle<Op extends string> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<MatrixRule<Op, S>>): Tensor<S, D>
}

/** Functions that keep a triangle of matrices. */
export interface Triangle<Op extends string> {
  (options?: OffsetOption): KeptTriangle<Op>
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<MatrixRule<Op, S>>,
    options?: OffsetOption
  ): Tensor<S, D>
}

const triangle = <Op extends "tril" | "triu">(operation: Op): Triangle<Op> =>
  faceWithOptions((x: AnyTensor, options: OffsetOption = {}) => {
    checkOperand(operation, "any", x)
    const rank = x.shape.length
    const [rows, columns] = [normalizeAxis(operation, x.shape, -2), rank - 1]
    const offset = offsetOf(operation, options)
    const matrix = [x.shape[rows] ?? 0, x.shape[columns] ?? 0]
    // Clamped: an offset beyond the matrix says the same as one just beyond it, and stays an i32.
    const within = Math.min(Math.max(offset, -(matrix[0] ?? 0)), matrix[1] ?? 0)
    const main = ops.add(ops.iota(matrix, 0, "i32"), within)
    const column = ops.iota(matrix, 1, "i32")
    return ops.select(operation === "tril" ? ops.le(column, main) : ops.le(main, column), x, 0)
  })

/**
 * The lower triangle of matrices, zeros above the diagonal: elements with `column - row <= offset` stay. The last two axes
 * make the matrices: numpy.tril and torch.tril. What is replaced by zeros may be NaN or infinite, and has a derivative of 0.
 */
export const tril: Triangle<"tril"> = triangle("tril")

/**
 * The upper triangle of matrices, zeros below the diagonal: elements with `column - row >= offset` stay. The last two axes
 * make the matrices: numpy.triu and torch.triu. What is replaced by zeros may be NaN or infinite, and has a derivative of 0.
 */
export const triu: Triangle<"triu"> = triangle("triu")
