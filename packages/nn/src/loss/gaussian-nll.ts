/** The negative log likelihood of numbers whose variance is predicted too. */
import {
  type AnyTensor,
  Axes,
  type Dim,
  type DType,
  face,
  type Float,
  operations as ops,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Tensor
} from "@cotangent/graph"
import { optionError } from "../errors.ts"
import type { Fits } from "../fits.ts"
import type { SameDType, ShowDType } from "../targets.ts"
import { checkFloats, checkOperandOf, type OperandRule } from "./operands.ts"
import {
  type Reduction,
  reduced,
  type ReducedLoss,
  type Reducing,
  type SampleWeight,
  type WeightGuard
} from "./reduction.ts"

/** Options of gaussianNll. */
export interface GaussianNllOptions {
  /** Whether the constant `ln(2 pi) / 2` is added; false unless given. */
  readonly full?: boolean
  /** The least variance; 1e-6 unless given. */
  readonly epsilon?: number
}

/** The guard of a variance: of the shape of the mean, or with a last axis of size 1, or without the last axis. */
export type VarianceRule<O extends Shape, D extends DType, V extends Shape, F extends DType> = [
  SameDType<D, F>,
  true
] extends [true, Fits<O, V> | Fits<OneColumn<O>, V> | Fits<NoColumn<O>, V>]
  ? unknown
  : `gaussianNll: the variance must be ${ShowDType<D>} ${Show<O>}, ${Show<OneColumn<O>>} or ${Show<NoColumn<O>>}, got ${ShowDType<F>} ${Show<V>}`
type NoColumn<O extends Shape> = O extends readonly [...infer L extends Shape, Dim] ? L : O
type OneColumn<O extends Shape> = O extends readonly [...infer L extends Shape, Dim] ? [...L, 1] : O

/** A loss of predicted means and variances. */
export interface GaussianLoss {
  <
    O extends Shape,
    D extends Float,
    T extends Shape,
    E extends DType,
    V extends Shape,
    F extends DType,
    const R extends Reduction = "mean",
    W extends SampleWeight = undefined
  >(
    mean: Tensor<O, D>,
    target: Tensor<T, E> & OperandRule<"gaussianNll", "the target", O, D, T, E>,
    variance: Tensor<V, F> & VarianceRule<O, D, V, F>,
    options?: Reducing<R, W> & WeightGuard<O, D, W>
  ): Tensor<ReducedLoss<R, O>, D>
}

const varianceFor = (mean: AnyTensor, variance: AnyTensor): AnyTensor => {
  const { shape, dtype } = mean
  const noColumn = shape.slice(0, -1)
  const oneColumn = shape.length === 0 ? [] : [...noColumn, 1]
  if (variance.dtype === dtype) {
    if (Axes.sameShape(variance.shape, shape)) return variance
    if (Axes.sameShape(variance.shape, oneColumn) || Axes.sameShape(variance.shape, noColumn))
      return ops.broadcast(ops.reshape(variance, oneColumn), shape)
  }
  throw new ShapeError(
    `gaussianNll: the variance must be ${dtype} ${showShape(shape)}, ${showShape(oneColumn)} or ${showShape(noColumn)}, got ${variance.dtype} ${showShape(variance.shape)}`
  )
}

/**
 * The negative log likelihood of targets t under normal distributions with predicted means m and variances v, per
 * element: `L = (ln v' + (m - t)^2 / v') / 2`, where `v' = max(v, epsilon)`; with `full`, `+ ln(2 pi) / 2`.
 *
 * ```ts
 * const loss = Loss.gaussianNll({ full: true })
 * const mean = loss(T.zeros([3]), T.ones([3]), T.ones([3]))
 * ```
 *
 * The variance has the shape of the mean, or a last axis of size 1, or lacks it (one variance per row). PyTorch's
 * `gaussian_nll_loss`, whose convention this is too: below epsilon the derivative with respect to v is the one at
 * epsilon, so that a variance can grow again. Throws OptionError unless `epsilon > 0`, ShapeError when the operands do
 * not fit. Nix, Weigend 1994.
 */
export const gaussianNll = ({ full = false, epsilon = 1e-6 }: GaussianNllOptions = {}): GaussianLoss => {
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw optionError("gaussianNll: epsilon", "a positive number", epsilon)
  return face(1, (mean: AnyTensor, target: AnyTensor, variance: AnyTensor, options: Reducing = {}) => {
    checkFloats("gaussianNll", mean)
    checkOperandOf("gaussianNll", "the target", mean.shape, mean.dtype, target)
    const v = varianceFor(mean, variance)
    const lacking = ops.select(
      ops.lt(v, ops.full(v.shape, epsilon, v.dtype)),
      ops.sub(ops.full([], epsilon, v.dtype), v),
      0
    )
    // Added as a constant: the sum is max(v, epsilon), and its derivative that of v.
    const kept = ops.add(v, ops.stopGradient(lacking))
    const error = ops.sub(mean, target)
    const losses = ops.mul(ops.add(ops.log(kept), ops.div(ops.mul(error, error), kept)), 0.5)
    return reduced({ losses: full ? ops.add(losses, Math.log(2 * Math.PI) / 2) : losses }, options)
  })
}
