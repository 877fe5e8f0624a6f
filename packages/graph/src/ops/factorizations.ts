/** Factorisations of matrices, which the last two axes make; the axes before them are batches. */
import type { DType } from "../dtype.ts"
import { showShape } from "../errors.ts"
import { face } from "../face.ts"
import type { ColumnsOf, FloatMatrices, FloatSquare, Least, Resized, RowOfEach, RowsOf } from "../matrix-rules.ts"
import { operations as ops } from "../operations.ts"
import { lower, product, transposed, upper, withUnitDiagonal } from "../primitives/matrices.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { factorsOf } from "./linear-solve.ts"
import { checkMatrix, checkSquare } from "./matrix-operands.ts"
import { singularVectors } from "./singular-values.ts"

/** Which factor: the lower one unless given. */
export interface UpperOption {
  /** Gives the transpose instead: `U^T U = A`. */
  readonly upper?: boolean
}

/**
 * The Cholesky factor of a symmetric positive definite matrix: the lower triangular L with `L L^T = A` and a positive
 * diagonal, or its transpose. The mean of A and its transpose is factored. Where that is not positive definite, the whole
 * triangle is NaN.
 *
 * ```ts
 * const l = T.cholesky(T.constant([[4, 2], [2, 5]]))   // [[2, 0], [1, 2]]
 * ```
 *
 * The derivative with respect to A is symmetric (Murray 2016). Throws a ShapeError for matrices that are not square. numpy's
 * and PyTorch's `linalg.cholesky`; see `T.choleskySolve`.
 */
export const cholesky: {
  <S extends Shape, D extends DType>(
    a: Tensor<S, D> & Guard<FloatSquare<"cholesky", S, D>>,
    options?: UpperOption
  ): Tensor<S, D>
} = face(1, (a: AnyTensor, { upper: isUpper = false }: UpperOption = {}) => {
  checkSquare("cholesky", a)
  const [l = a] = ops.cholesky([a], {})
  return isUpper ? transposed(ops, l) : l
})

/** The triangular factors of square matrices with the order of their rows: `A[rows] = L U`. */
export interface TriangularFactors<S extends Shape, D extends DType> {
  /** Lower triangular, with ones on the diagonal. */
  readonly l: Tensor<S, D>
  /** Upper triangular. */
  readonly u: Tensor<S, D>
  /** Row i of `L U` is row `rows[i]` of A. */
  readonly rows: Tensor<RowOfEach<S, RowsOf<S>>, "i32">
}

/**
 * The triangular factors of square matrices by elimination with partial pivoting: `A[rows] = L U`, L with ones on its diagonal.
 * Of equal pivots the first row goes up. Where a pivot is 0 the column of L is 0; then U has a 0 on its diagonal, and the
 * factors have no derivative. Throws a ShapeError for matrices that are not square.
 */
export const lu = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<FloatSquare<"lu", S, D>>
): TriangularFactors<S, D> => {
  checkSquare("lu", a)
  const { f, rows } = factorsOf(ops, a)
  // The factors have the shape of the matrix, and the order that of its rows.
  return {
    l: withUnitDiagonal(ops, lower(ops, f, 0)) as AnyTensor as Tensor<S, D>,
    u: upper(ops, f) as AnyTensor as Tensor<S, D>,
    rows: rows as AnyTensor as Tensor<RowOfEach<S, RowsOf<S>>, "i32">
  }
}

/** Orthonormal columns and an upper triangle. */
export interface OrthogonalFactors<S extends Shape, D extends DType> {
  readonly q: Tensor<Resized<S, RowsOf<S>, Least<RowsOf<S>, ColumnsOf<S>>>, D>
  readonly r: Tensor<Resized<S, Least<RowsOf<S>, ColumnsOf<S>>, ColumnsOf<S>>, D>
}

/**
 * The QR factorisation by reflections: `A = Q R` with orthonormal columns Q, `[..., m, k]`, and an upper triangle R,
 * `[..., k, n]`, where k is the smaller of m and n.
 *
 * ```ts
 * const { q, r } = T.qr(T.constant([[3, 1], [4, 2]]))   // q [[0.6, -0.8], [0.8, 0.6]], r [[5, 2.2], [0, 0.4]]
 * ```
 *
 * The diagonal of R is positive: this makes the factors of a matrix of full rank unique and smooth, where LAPACK, numpy and
 * PyTorch may have a row of R and a column of Q with the other sign. Of a matrix of lower rank Q is still orthonormal, and
 * there is no derivative: it is not finite.
 */
export const qr = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<FloatMatrices<"qr", S, D>>
): OrthogonalFactors<S, D> => {
  const [m, n] = checkMatrix("qr", a)
  const x: AnyTensor = a
  // Of wide matrices the first columns decide; the others follow.
  const part = (start: number, end: number): AnyTensor =>
    ops.slice(x, {
      start: x.shape.map((_, d) => (d === x.shape.length - 1 ? start : 0)),
      limit: x.shape.map((size, d) => (d === x.shape.length - 1 ? end : size)),
      step: x.shape.map(() => 1)
    })
  const [q, r] = ops.qr([m < n ? part(0, m) : x], {})
  if (q === undefined || r === undefined) throw new RangeError("qr has two results")
  const whole = m < n ? ops.concat([r, product(ops, transposed(ops, q), part(m, n))], x.shape.length - 1) : r
  // The rules of the primitive give these shapes.
  return { q, r: whole } as { readonly q: AnyTensor; readonly r: AnyTensor } as OrthogonalFactors<S, D>
}

/** Eigenvalues and eigenvectors. */
export interface Eigenvectors<S extends Shape, D extends DType> {
  /** In ascending order. */
  readonly values: Tensor<RowOfEach<S, RowsOf<S>>, D>
  /** Orthonormal, in columns. */
  readonly vectors: Tensor<S, D>
}

/**
 * Eigenvalues in ascending order and orthonormal eigenvectors, in columns, of symmetric matrices: `A v_i = w_i v_i`. The mean of
 * A and its transpose is decomposed.
 *
 * ```ts
 * const { values, vectors } = T.eigh(T.constant([[2, 1], [1, 2]]))   // values [1, 3]
 * ```
 *
 * Of each vector the first element within a thousandth of the largest is positive. Where eigenvalues are equal their vectors
 * are any orthonormal ones and have no derivative: it is infinite or NaN, also in functions that do not depend on the choice
 * (a function of a matrix by `V f(w) V^T`, for example), whose derivative exists and needs another formula. Derivatives of the
 * values alone are always right. Throws a ShapeError for matrices that are not square. numpy's and PyTorch's `linalg.eigh`.
 */
export const eigh = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<FloatSquare<"eigh", S, D>>
): Eigenvectors<S, D> => {
  checkSquare("eigh", a)
  const [values, vectors] = ops.eigh([a], {})
  if (values === undefined || vectors === undefined) throw new RangeError("eigh has two results")
  // The rules of the primitive give these shapes.
  return { values, vectors } as { readonly values: AnyTensor; readonly vectors: AnyTensor } as Eigenvectors<S, D>
}

/** Singular values and vectors: `A = U diag(s) V^T`. */
export interface SingularFactors<S extends Shape, D extends DType> {
  /** Orthonormal columns, `[..., m, k]`. */
  readonly u: Tensor<Resized<S, RowsOf<S>, Least<RowsOf<S>, ColumnsOf<S>>>, D>
  /** In descending order, `[..., k]`. */
  readonly s: Tensor<RowOfEach<S, Least<RowsOf<S>, ColumnsOf<S>>>, D>
  /** Orthonormal columns, `[..., n, k]`: not transposed, unlike numpy's third result. */
  readonly v: Tensor<Resized<S, ColumnsOf<S>, Least<RowsOf<S>, ColumnsOf<S>>>, D>
}

/**
 * The singular value decomposition: `A = U diag(s) V^T`, U `[..., m, k]`, s `[..., k]` in descending order, V `[..., n, k]`, where
 * k is the smaller of m and n; U and V have orthonormal columns, also where values are 0.
 *
 * ```ts
 * const { u, s, v } = T.svd(T.constant([[3, 0], [4, 5]]))   // s [sqrt(45), sqrt(5)]
 * ```
 *
 * As accurate as the rounding of the largest value. Of each column of V (of U for wide matrices) the first element within a
 * thousandth of the largest is positive. Where values are equal, or 0 for U of tall and V of wide matrices, their vectors have
 * no derivative: it is infinite or NaN. Derivatives of the values alone are right wherever these differ from 0 (Townsend 2016).
 */
export const svd = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<FloatMatrices<"svd", S, D>>
): SingularFactors<S, D> => {
  const [m, n] = checkMatrix("svd", a)
  if (m * n === 0) throw new RangeError(`svd: the matrices of ${showShape(a.shape)} are empty`)
  const { u, s, v } = singularVectors(a)
  // The shapes are those of a decomposition of the smaller size.
  return { u, s, v } as { readonly u: AnyTensor; readonly s: AnyTensor; readonly v: AnyTensor } as SingularFactors<S, D>
}
