/** Solutions of systems of linear equations, and inverses. The last two axes make matrices, the axes before them batches. */
import type { DType } from "../dtype.ts"
import { optionError, ShapeError, showShape } from "../errors.ts"
import { faceOfTwo } from "../face.ts"
import type { ColumnsOf, FloatMatrices, LeastSquaresRule, Resized, RowsOf, Side, SolveRule } from "../matrix-rules.ts"
import { operations as ops } from "../operations.ts"
import { identityLike, product, scaleColumns, solveTriangle, transposed } from "../primitives/matrices.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { solveWithFactors } from "./linear-solve.ts"
import { checkMatrix, checkSquare, onSquare, type OnSquare, solveFor } from "./matrix-operands.ts"
import { singularVectors } from "./singular-values.ts"
import { withForwardRule } from "./with-rule.ts"

/** What the right side of a system is, and where the unknown stands. */
export interface SolveOptions<At extends Side = Side, V extends boolean = boolean> {
  /** "left", unless given, solves `A X = B`; "right" solves `X A = B`. */
  readonly side?: At
  /** Whether b is a batch of vectors `[..., n]` instead of matrices; not unless given. A single vector needs no mention. */
  readonly vectors?: V
}

/** A solution that holds the right side and waits for the matrices. */
export interface SolveBy<Op extends string, B extends Shape, E extends DType, At extends Side, V extends boolean> {
  <S extends Shape, D extends DType>(
    a: Tensor<S, D> & Guard<SolveRule<Op, S, D, B, E, At, V>>
  ): TensorOf<SolveRule<Op, S, D, B, E, At, V>, D>
}

/** Solutions of square systems, with the options `Extra`. */
export interface Solve<Op extends string, Extra = unknown> {
  <B extends Shape, E extends DType, const At extends Side = "left", const V extends boolean = false>(
    b: Tensor<B, E>,
    options?: SolveOptions<At, V> & Extra
  ): SolveBy<Op, B, E, At, V>
  <
    S extends Shape,
    D extends DType,
    B extends Shape,
    E extends DType,
    const At extends Side = "left",
    const V extends boolean = false
  >(
    a: Tensor<S, D>,
    b: Tensor<B, E> & Guard<SolveRule<Op, S, D, B, E, At, V>>,
    options?: SolveOptions<At, V> & Extra
  ): TensorOf<SolveRule<Op, S, D, B, E, At, V>, D>
}

/**
 * The solution of `A x = b` by elimination with partial pivoting: A is `[..., n, n]`; b is a vector `[n]`, or has columns,
 * `[..., n, k]`; leading dimensions broadcast.
 *
 * ```ts
 * const x = T.solve(T.constant([[2, 0], [1, 4]]), T.constant([2, 9]))   // [1, 2]
 * ```
 *
 * Its derivative is that of the solution, `A_bar = -(A^-T x_bar) x^T`, from the same factors. A singular A gives infinities
 * and NaN. Throws a ShapeError for matrices that are not square, or right sides that do not fit. numpy's and PyTorch's
 * `linalg.solve`.
 */
export const solve: Solve<"solve"> = faceOfTwo((a: AnyTensor, b: AnyTensor, options: SolveOptions = {}) => {
  checkSquare("solve", a)
  return solveFor("solve", a, b, options, (matrix, right) => solveWithFactors(ops, matrix, right, false))
})

/**
 * The inverse, by elimination with partial pivoting; that of a singular matrix has infinities and NaN. To solve a system use
 * `T.solve`, which is faster and closer. Throws a ShapeError for matrices that are not square.
 */
export const inv: OnSquare<"inv"> = onSquare("inv", (a) => solveWithFactors(ops, a, identityLike(ops, a), false))

/** Options of triangularSolve. */
export interface TriangularOptions {
  /** Which triangle of A there is: the lower one unless given as false. The other one is not read. */
  readonly lower?: boolean
  /** Whether A is transposed before: not unless given. */
  readonly transpose?: boolean
  /** Whether the diagonal counts as ones, and is not read: not unless given. */
  readonly unit?: boolean
}

/**
 * The solution of `A x = b`, or of `A^T x = b`, for triangular A, by substitution. Right sides are as for `T.solve`. A 0 on the
 * diagonal gives infinities and NaN.
 *
 * ```ts
 * const x = T.triangularSolve(T.constant([[2, 0], [1, 4]]), T.constant([2, 9]))   // [1, 2]
 * ```
 */
export const triangularSolve: Solve<"triangularSolve", TriangularOptions> = faceOfTwo(
  (a: AnyTensor, b: AnyTensor, options: SolveOptions & TriangularOptions = {}) => {
    checkSquare("triangularSolve", a)
    const { lower = true, transpose = false, unit = false } = options
    // With the unknown on the right the matrices are transposed once more.
    const isLower = (lower !== transpose) !== (options.side === "right")
    const matrix = transpose ? transposed(ops, a) : a
    return solveFor("triangularSolve", matrix, b, options, (m, right) =>
      solveTriangle(ops, m, right, { lower: isLower, unit })
    )
  }
)

/** Options of choleskySolve. */
export interface CholeskyOptions {
  /** Whether the upper factor U is given, `A = U^T U`; not unless given. */
  readonly upper?: boolean
}

/**
 * The solution of `A x = b` for a symmetric positive definite A, of which the Cholesky factor L is given, `A = L L^T`: two
 * substitutions. Right sides are as for `T.solve`.
 */
export const choleskySolve: Solve<"choleskySolve", CholeskyOptions> = faceOfTwo(
  (factor: AnyTensor, b: AnyTensor, options: SolveOptions & CholeskyOptions = {}) => {
    checkSquare("choleskySolve", factor)
    const l = options.upper === true ? transposed(ops, factor) : factor
    return solveFor("choleskySolve", l, b, options, (m, right) => {
      // A is symmetric: it does not matter on which side the unknown stands.
      const lower = options.side === "right" ? transposed(ops, m) : m
      const half = solveTriangle(ops, lower, right, { lower: true })
      return solveTriangle(ops, transposed(ops, lower), half, { lower: false })
    })
  }
)

/** A least-squares solution that holds the right side and waits for the matrices. */
export interface LstsqBy<B extends Shape, E extends DType, V extends boolean> {
  <S extends Shape, D extends DType>(
    a: Tensor<S, D> & Guard<LeastSquaresRule<"lstsq", S, D, B, E, V>>
  ): TensorOf<LeastSquaresRule<"lstsq", S, D, B, E, V>, D>
}

/**
 * The x of least `|A x - b|` by QR, for A `[..., m, n]` of full rank; with fewer equations than unknowns the shortest of
 * those that solve them. Right sides are as for `T.solve`.
 *
 * ```ts
 * const line = T.lstsq(T.constant([[1, 0], [1, 1], [1, 2]]), T.constant([1, 3, 5]))   // [1, 2]: 1 + 2 t
 * ```
 *
 * A of lower rank gives infinities and NaN; use `T.pinv` then. numpy's and PyTorch's `linalg.lstsq`, its first result.
 */
export const lstsq: {
  <B extends Shape, E extends DType, const V extends boolean = false>(
    b: Tensor<B, E>,
    options?: { readonly vectors?: V }
  ): LstsqBy<B, E, V>
  <S extends Shape, D extends DType, B extends Shape, E extends DType, const V extends boolean = false>(
    a: Tensor<S, D>,
    b: Tensor<B, E> & Guard<LeastSquaresRule<"lstsq", S, D, B, E, V>>,
    options?: { readonly vectors?: V }
  ): TensorOf<LeastSquaresRule<"lstsq", S, D, B, E, V>, D>
} = faceOfTwo((a: AnyTensor, b: AnyTensor, { vectors = false }: { readonly vectors?: boolean } = {}) => {
  const [m, n] = checkMatrix("lstsq", a)
  return solveFor("lstsq", a, b, { vectors }, (matrix, right) => {
    const isTall = m >= n
    const [q, r] = ops.qr([isTall ? matrix : transposed(ops, matrix)], {})
    if (q === undefined || r === undefined) throw new ShapeError(`lstsq: ${showShape(a.shape)} was not factored`)
    return isTall
      ? solveTriangle(ops, r, product(ops, transposed(ops, q), right), { lower: false })
      : product(ops, q, solveTriangle(ops, transposed(ops, r), right, { lower: true }))
  })
})

/** The shape of a pseudo-inverse, or the sentence. */
export type PinvRule<S extends Shape, D extends DType> = FloatMatrices<
  "pinv",
  S,
  D,
  Resized<S, ColumnsOf<S>, RowsOf<S>>
>

/**
 * The pseudo-inverse of Moore and Penrose, `[..., n, m]` for `[..., m, n]`, from singular values: those not larger than
 * `tolerance` times the largest count as 0; `max(m, n)` times the rounding of the element type unless given, as in numpy and
 * PyTorch. The derivative is that of Golub and Pereyra 1973, which exists where the rank does not change; nothing is divided
 * by differences of singular values.
 */
export const pinv = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<PinvRule<S, D>>,
  { tolerance }: { readonly tolerance?: number } = {}
): TensorOf<PinvRule<S, D>, D> => {
  const [m, n] = checkMatrix("pinv", a)
  const rounding = a.dtype === "f64" ? 2 ** -52 : 2 ** -23
  const bound = tolerance ?? Math.max(m, n) * rounding
  if (!(bound >= 0)) throw optionError("pinv: tolerance", "0 or more", tolerance)
  const { u, s, v } = singularVectors(a)
  const last = s.shape.length - 1
  const largest = ops.reduceMax(s, [last])
  const isZero = ops.le(s, ops.mul(ops.reshape(largest, [...largest.shape, 1]), bound))
  const reciprocal = ops.select(isZero, 0, ops.div(ops.full(s.shape, 1, s.dtype), ops.select(isZero, 1, s)))
  const inverse = product(ops, scaleColumns(ops, v, reciprocal), transposed(ops, u))
  const [p] = withForwardRule("pinv", [inverse], [a], (rules, { arguments: [x], results: [y] }, [t]) => {
    if (x === undefined || y === undefined || t === undefined) return [undefined]
    const mul = (...[first, ...rest]: readonly [AnyTensor, ...ReadonlyArray<AnyTensor>]): AnyTensor =>
      rest.reduce((z, next) => product(rules, z, next), first)
    const turned = (z: AnyTensor): AnyTensor => transposed(rules, z)
    const rest = (z: AnyTensor): AnyTensor => rules.sub(identityLike(rules, z), z)
    const moved = turned(t)
    const [left, right] = [mul(y, turned(y), moved, rest(mul(x, y))), mul(rest(mul(y, x)), moved, turned(y), y)]
    return [rules.sub(rules.add(left, right), mul(y, t, y))]
  })
  // The rule says the shape.
  return (p ?? inverse) as TensorOf<PinvRule<S, D>, D>
}
