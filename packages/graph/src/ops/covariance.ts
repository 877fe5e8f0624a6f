/** How variables vary together: each row holds the observations of a variable, as in numpy and PyTorch. */
import type { DType } from "../dtype.ts"
import { optionError, ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import { diagonalOf, product, transposed } from "../primitives/matrices.ts"
import type { Dim, Guard, Mismatch, Shape, Show } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { positivePower } from "./p-norm.ts"
import type { CorrectionOption } from "./reduction.ts"
import { spread } from "./shift.ts"

/** The shape of a covariance, or the sentence. */
export type CovarianceRule<Op extends string, S extends Shape, D extends DType> = Accepts<
  Op,
  "float",
  D,
  number extends S["length"]
    ? Shape
    : S extends readonly [Dim]
      ? []
      : S extends readonly [...infer L extends Shape, infer M extends Dim, Dim]
        ? [...L, M, M]
        : Mismatch<`${Op}: needs observations, got ${Show<S>}`>
>

/** A covariance that waits for its observations. */
export interface CovarianceBy<Op extends string> {
  <S extends Shape, D extends DType>(
    x: Tensor<S, D> & Guard<CovarianceRule<Op, S, D>>
  ): TensorOf<CovarianceRule<Op, S, D>, D>
}

/** Functions of observations that give a number for each pair of variables. */
export interface Covariance<Op extends string> {
  (options?: CorrectionOption): CovarianceBy<Op>
  <S extends Shape, D extends DType>(
    x: Tensor<S, D> & Guard<CovarianceRule<Op, S, D>>,
    options?: CorrectionOption
  ): TensorOf<CovarianceRule<Op, S, D>, D>
}

const covariances = (operation: string, x: AnyTensor, correction: number): AnyTensor => {
  checkOperand(operation, "float", x)
  if (!Number.isFinite(correction)) throw optionError(`${operation}: correction`, "a number", correction)
  const last = x.shape.length - 1
  if (last < 0) throw new ShapeError(`${operation}: needs observations, got ${showShape(x.shape)}`)
  const count = x.shape[last] ?? 1
  const centered = ops.sub(x, spread(ops.div(ops.reduceSum(x, [last]), count), x, [last]))
  const rows = last === 0 ? ops.reshape(centered, [1, count]) : centered
  return ops.div(product(ops, rows, transposed(ops, rows)), Math.max(0, count - correction))
}

/** One variable has one number. */
const asGiven = (y: AnyTensor, x: AnyTensor): AnyTensor => (x.shape.length === 1 ? ops.reshape(y, []) : y)

/**
 * The covariances of variables: `c[i, j] = sum_k (x[i, k] - mean_i) (x[j, k] - mean_j) / (n - correction)`. x is
 * `[..., variables, observations]`; the correction is 1 unless given. Of one variable, a vector, it is the variance. numpy's and
 * PyTorch's `cov`.
 *
 * ```ts
 * const c = T.cov(T.constant([[1, 2, 3], [1, 0, -1]]))   // [[1, -1], [-1, 1]]
 * ```
 */
export const cov: Covariance<"cov"> = faceWithOptions((x: AnyTensor, { correction = 1 }: CorrectionOption = {}) =>
  asGiven(covariances("cov", x, correction), x)
)

/**
 * The correlations of variables: covariances divided by both standard deviations, 1 on the diagonal. x is
 * `[..., variables, observations]`. Of a constant variable they are NaN. numpy's and PyTorch's `corrcoef`.
 */
export const corrcoef: Covariance<"corrcoef"> = faceWithOptions(
  (x: AnyTensor, { correction = 1 }: CorrectionOption = {}) => {
    const c = covariances("corrcoef", x, correction)
    const deviations = positivePower(diagonalOf(ops, c), 0.5)
    const column = ops.reshape(deviations, [...deviations.shape, 1])
    return asGiven(ops.div(c, ops.mul(column, transposed(ops, column))), x)
  }
)
