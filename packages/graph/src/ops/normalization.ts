/**
 * Normalisations as functions. All compute `y = (x - mean) / sqrt(variance + epsilon) scale + offset`, where the variance
 * divides by the number of elements; they differ in the elements that a mean is taken over. Scale and offset are 1 and 0
 * unless given. `epsilon` is 1e-5 unless given, as in PyTorch (the layers of Keras, and `Model`, use 1e-3).
 *
 * Channels are the last axis unless `axis` says otherwise: PyTorch's images are `axis: 1`. Where all elements that are
 * normalised are equal, y is the offset and the derivative is finite; with `epsilon: 0` both are NaN.
 */
import { normalizeAxes, normalizeAxis } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, faceWithOptions } from "../face.ts"
import type { ChannelsRule, GroupsRule, NamedAxes, OptionalParameter, OverAxesRule } from "../normalization-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { spread } from "./shift.ts"
import {
  affine,
  type AffineOptions,
  type ChannelsOptions,
  checkAffine,
  deviation,
  meanOver,
  otherAxes,
  standardized
} from "./standardize.ts"

export type { AffineOptions, ChannelsOptions } from "./standardize.ts"

/** Options of normalisations over axes: the last one unless given. */
export interface OverAxesOptions<
  A extends NamedAxes = NamedAxes,
  P extends OptionalParameter = OptionalParameter,
  Q extends OptionalParameter = OptionalParameter
> extends AffineOptions<P, Q> {
  readonly axis?: A
}

/** A normalisation over axes that holds its options and waits for its operand. */
export interface OverAxesBy<
  Op extends string,
  A extends NamedAxes,
  P extends OptionalParameter,
  Q extends OptionalParameter
> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<OverAxesRule<Op, S, D, A, P, Q>>): Tensor<S, D>
}

/** Normalisations over axes, whose parameters have the dimensions at these axes. */
export interface OverAxes<Op extends string> {
  <const A extends NamedAxes = -1, P extends OptionalParameter = undefined, Q extends OptionalParameter = undefined>(
    options?: OverAxesOptions<A, P, Q>
  ): OverAxesBy<Op, A, P, Q>
  <
    S extends Shape,
    D extends DType,
    const A extends NamedAxes = -1,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    self: Tensor<S, D>,
    options?: OverAxesOptions<A, P, Q> & Guard<OverAxesRule<Op, S, D, A, P, Q>>
  ): Tensor<S, D>
}

const overAxes = <Op extends string>(
  operation: Op,
  body: (x: AnyTensor, axes: ReadonlyArray<number>, epsilon: number) => AnyTensor
): OverAxes<Op> =>
  faceWithOptions((x: AnyTensor, options: OverAxesOptions = {}) => {
    checkOperand(operation, "float", x)
    const axes = normalizeAxes(operation, x.shape, options.axis ?? -1)
    const epsilon = checkAffine(operation, x, axes, options)
    return affine(body(x, axes, epsilon), x, axes, options)
  })

/**
 * Layer normalisation: the statistics of every sample over the axes `axis` (the last one unless given, `[-2, -1]` for the
 * last two). Scale and offset have the dimensions of these axes, in the order of the shape.
 *
 * ```ts
 * const y = T.layerNorm(T.constant([[1, 2, 6]]), { scale: T.ones([3]), offset: T.zeros([3]) })
 * ```
 *
 * PyTorch's `layer_norm` normalises over trailing axes. Throws ShapeError for an axis that does not exist or a parameter
 * of another shape, OptionError for a negative epsilon. Ba, Kiros, Hinton 2016.
 */
export const layerNorm = overAxes("layerNorm", (x, axes, epsilon) => standardized(x, axes, epsilon).y)

/**
 * Root mean square normalisation: `y = x / sqrt(mean x^2 + epsilon) scale`, over the axes `axis` (the last one unless
 * given); no mean is subtracted, and an offset is added only when it is given. Where all of x is 0, y is 0.
 *
 * Throws like layerNorm. Zhang, Sennrich 2019.
 */
export const rmsNorm = overAxes("rmsNorm", (x, axes, epsilon) =>
  ops.div(x, spread(deviation(meanOver(ops.mul(x, x), axes), epsilon), x, axes))
)

/** Options of groupNorm. */
export interface GroupNormOptions<
  G extends number = number,
  A extends number = number,
  P extends OptionalParameter = OptionalParameter,
  Q extends OptionalParameter = OptionalParameter
> extends ChannelsOptions<A, P, Q> {
  /** How many groups of neighbouring channels; it must divide their number. */
  readonly groups: G
}

/** A group normalisation that holds its options and waits for its operand. */
export interface GroupNormBy<
  G extends number,
  A extends number,
  P extends OptionalParameter,
  Q extends OptionalParameter
> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<GroupsRule<S, D, G, A, P, Q>>): Tensor<S, D>
}

/**
 * Group normalisation: the statistics of every sample (first axis) and every group of `channels / groups` neighbouring
 * channels, over these and all other axes. Scale and offset have one number per channel. One group is layer
 * normalisation over all but the first axis, as many groups as channels are instance normalisation.
 *
 * ```ts
 * const y = T.groupNorm(T.ones([2, 8, 8, 6]), { groups: 3, scale: T.ones([6]) })   // PyTorch's images: axis: 1
 * ```
 *
 * Throws ShapeError when the channels do not divide into the groups or are the first axis, and like layerNorm.
 * Wu, He 2018.
 */
export const groupNorm: {
  <
    const G extends number,
    const A extends number = -1,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    options: GroupNormOptions<G, A, P, Q>
  ): GroupNormBy<G, A, P, Q>
  <
    S extends Shape,
    D extends DType,
    const G extends number,
    const A extends number = -1,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    self: Tensor<S, D>,
    options: GroupNormOptions<G, A, P, Q> & Guard<GroupsRule<S, D, G, A, P, Q>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, options: GroupNormOptions) => {
  checkOperand("groupNorm", "float", x)
  const axis = channelsOfSamples("groupNorm", x, options.axis)
  const epsilon = checkAffine("groupNorm", x, [axis], options)
  const { groups } = options
  const channels = x.shape[axis] ?? 1
  if (!(Number.isInteger(groups) && groups > 0))
    throw new ShapeError(`groupNorm: groups must be a whole number, 1 or more, got ${groups}`)
  if (channels % groups !== 0)
    throw new ShapeError(`groupNorm: ${channels} channels do not divide into ${groups} groups`)
  const grouped = ops.reshape(x, x.shape.toSpliced(axis, 1, groups, channels / groups))
  const { y } = standardized(grouped, otherAxes(grouped, [0, axis]), epsilon)
  return affine(ops.reshape(y, x.shape), x, [axis], options)
})

/** The axis of the channels of a batch of samples: not the first. */
const channelsOfSamples = (operation: string, x: AnyTensor, named = -1): number => {
  const axis = normalizeAxis(operation, x.shape, named)
  if (axis === 0) throw new ShapeError(`${operation}: axis ${named} of ${showShape(x.shape)} is the batch`)
  return axis
}

/** A normalisation by channels that holds its options and waits for its operand. */
export interface InstanceNormBy<A extends number, P extends OptionalParameter, Q extends OptionalParameter> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<ChannelsRule<"instanceNorm", S, D, A, P, Q>>
  ): Tensor<S, D>
}

/**
 * Instance normalisation: the statistics of every sample (first axis) and every channel over all other axes, of which
 * there must be one. Scale and offset have one number per channel.
 *
 * Throws ShapeError when there is nothing to normalise over, and like groupNorm. Ulyanov, Vedaldi, Lempitsky 2016.
 */
export const instanceNorm: {
  <const A extends number = -1, P extends OptionalParameter = undefined, Q extends OptionalParameter = undefined>(
    options?: ChannelsOptions<A, P, Q>
  ): InstanceNormBy<A, P, Q>
  <
    S extends Shape,
    D extends DType,
    const A extends number = -1,
    P extends OptionalParameter = undefined,
    Q extends OptionalParameter = undefined
  >(
    self: Tensor<S, D>,
    options?: ChannelsOptions<A, P, Q> & Guard<ChannelsRule<"instanceNorm", S, D, A, P, Q>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, options: ChannelsOptions = {}) => {
  checkOperand("instanceNorm", "float", x)
  const axis = channelsOfSamples("instanceNorm", x, options.axis)
  const epsilon = checkAffine("instanceNorm", x, [axis], options)
  const axes = otherAxes(x, [0, axis])
  if (axes.length === 0)
    throw new ShapeError(
      `instanceNorm: ${showShape(x.shape)} has no axis beside the batch and the channels to normalise over`
    )
  return affine(standardized(x, axes, epsilon).y, x, [axis], options)
})
