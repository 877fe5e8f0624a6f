/** Batch normalisation as two functions: with the statistics of the batch, and with given ones. See normalization.ts. */
import { normalizeAxis } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { optionError } from "../errors.ts"
import { checkOperand, faceWithOptions } from "../face.ts"
import type { DimsAt, OptionalParameter, StatisticsRule } from "../normalization-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor } from "../tensor.ts"
import {
  affine,
  aligned,
  type ChannelsOptions,
  checkAffine,
  checkParameter,
  deviation,
  otherAxes,
  standardized
} from "./standardize.ts"

/** A mean and a variance per channel. */
export interface ChannelStatistics<S extends Shape = Shape, D extends DType = DType> {
  readonly mean: Tensor<S, D>
  readonly variance: Tensor<S, D>
}

/** Options of batchNormInference. */
export interface BatchNormInferenceOptions<
  A extends number = number,
  M extends AnyTensor = AnyTensor,
  V extends AnyTensor = AnyTensor,
  P extends OptionalParameter = OptionalParameter,
  Q extends OptionalParameter = OptionalParameter
> extends ChannelsOptions<A, P, Q> {
  readonly mean: M
  readonly variance: V
}

/** An evaluation of batchNorm that holds its options and waits for its operand. */
export interface BatchNormInferenceBy<
  A extends number,
  M extends AnyTensor,
  V extends AnyTensor,
  P extends OptionalParameter,
  Q extends OptionalParameter
> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<StatisticsRule<"batchNormInference", S, D, A, M, V, P, Q>>
  ): Tensor<S, D>
}

/**
 * Batch normalisation with given statistics, one mean and one variance per channel: what a trained model does, and
 * PyTorch's `batch_norm(training=False)`. All four parameters have one number per channel and are differentiable.
 *
 * ```ts
 * const y = T.batchNormInference(T.ones([2, 3]), { mean: T.zeros([3]), variance: T.ones([3]) })
 * ```
 *
 * Throws like layerNorm. Ioffe, Szegedy 2015, algorithm 2.
 */
export const batchNormInference: {
  <
    M extends AnyTensor,
    V extends AnyTensor,
    const A extends number = -1,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    options: BatchNormInferenceOptions<A, M, V, P, Q>
  ): BatchNormInferenceBy<A, M, V, P, Q>
  <
    S extends Shape,
    D extends DType,
    M extends AnyTensor,
    V extends AnyTensor,
    const A extends number = -1,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    self: Tensor<S, D>,
    options: BatchNormInferenceOptions<A, M, V, P, Q> & Guard<StatisticsRule<"batchNormInference", S, D, A, M, V, P, Q>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, options: BatchNormInferenceOptions) => {
  const operation = "batchNormInference"
  checkOperand(operation, "float", x)
  const axis = normalizeAxis(operation, x.shape, options.axis ?? -1)
  const epsilon = checkAffine(operation, x, [axis], options)
  checkParameter(operation, "mean", x, [axis], options.mean)
  checkParameter(operation, "variance", x, [axis], options.variance)
  const centered = ops.sub(x, aligned(options.mean, x, [axis]))
  return affine(ops.div(centered, aligned(deviation(options.variance, epsilon), x, [axis])), x, [axis], options)
})

/** Options of batchNormTraining. PyTorch's are `{ momentum: 0.9, runningVariance: "unbiased" }`. */
export interface BatchNormTrainingOptions<
  A extends number = number,
  M extends OptionalParameter = OptionalParameter,
  V extends OptionalParameter = OptionalParameter,
  P extends OptionalParameter = OptionalParameter,
  Q extends OptionalParameter = OptionalParameter
> extends ChannelsOptions<A, P, Q> {
  /** The statistics so far; mean 0 and variance 1 unless given. */
  readonly running?: { readonly mean: M; readonly variance: V }
  /** The share of the old running statistics in the new; 0.99 unless given, as in Keras. PyTorch counts `1 - momentum`. */
  readonly momentum?: number
  /** Whether the running variance divides by n, as in Keras and unless given, or by n - 1, as in PyTorch. */
  readonly runningVariance?: "biased" | "unbiased"
}

/** What batchNormTraining gives. */
export interface BatchNormalized<S extends Shape, C extends Shape, D extends DType> {
  readonly y: Tensor<S, D>
  /** The statistics of this batch, the variance dividing by n; differentiable. */
  readonly batch: ChannelStatistics<C, D>
  /** The next running statistics. No derivative flows into them from the batch. */
  readonly running: ChannelStatistics<C, D>
}

/** A training step of batchNorm that holds its options and waits for its operand. */
export interface BatchNormTrainingBy<
  A extends number,
  M extends OptionalParameter,
  V extends OptionalParameter,
  P extends OptionalParameter,
  Q extends OptionalParameter
> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<StatisticsRule<"batchNormTraining", S, D, A, M, V, P, Q>>
  ): BatchNormalized<S, DimsAt<S, A>, D>
}

/**
 * Batch normalisation with the statistics of the batch: every channel over all other axes; derivatives flow through mean
 * and variance. Also gives the next running statistics, `running = momentum running + (1 - momentum) batch`.
 *
 * ```ts
 * const { y, running } = T.batchNormTraining(T.ones([8, 3]), { momentum: 0.9 })
 * ```
 *
 * With one element per channel y is the offset, and the unbiased variance counts as the biased one. Throws like
 * layerNorm, and OptionError unless `0 <= momentum <= 1`. Ioffe, Szegedy 2015, algorithm 1.
 */
export const batchNormTraining: {
  <
    const A extends number = -1,
    M extends OptionalParameter = undefined,
    V extends OptionalParameter = undefined,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    options?: BatchNormTrainingOptions<A, M, V, P, Q>
  ): BatchNormTrainingBy<A, M, V, P, Q>
  <
    S extends Shape,
    D extends DType,
    const A extends number = -1,
    M extends OptionalParameter = undefined,
    V extends OptionalParameter = undefined,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    self: Tensor<S, D>,
    options?: BatchNormTrainingOptions<A, M, V, P, Q> & Guard<StatisticsRule<"batchNormTraining", S, D, A, M, V, P, Q>>
  ): BatchNormalized<S, DimsAt<S, A>, D>
} = faceWithOptions((x: AnyTensor, options: BatchNormTrainingOptions = {}) => {
  const operation = "batchNormTraining"
  checkOperand(operation, "float", x)
  const axis = normalizeAxis(operation, x.shape, options.axis ?? -1)
  const epsilon = checkAffine(operation, x, [axis], options)
  const { running, momentum = 0.99, runningVariance = "biased" } = options
  checkParameter(operation, "mean", x, [axis], running?.mean)
  checkParameter(operation, "variance", x, [axis], running?.variance)
  if (!(momentum >= 0 && momentum <= 1)) throw optionError(`${operation}: momentum`, "from 0 to 1", momentum)
  const axes = otherAxes(x, [axis])
  const { y, mean, variance } = standardized(x, axes, epsilon)
  const n = sizeOf(axes.map((d) => x.shape[d] ?? 1))
  const counted = runningVariance === "unbiased" && n > 1 ? ops.mul(variance, n / (n - 1)) : variance
  const moved = (old: AnyTensor | undefined, start: number, batch: AnyTensor): AnyTensor =>
    ops.add(
      ops.mul(old ?? ops.full(batch.shape, start, batch.dtype), momentum),
      ops.mul(ops.stopGradient(batch), 1 - momentum)
    )
  return {
    y: affine(y, x, [axis], options),
    batch: { mean, variance },
    running: { mean: moved(running?.mean, 0, mean), variance: moved(running?.variance, 1, counted) }
  }
})
