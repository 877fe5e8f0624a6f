/** Convolution layers: samples `[length, channels]`, `[height, width, channels]`, kernels `[sizes..., in, out]`. */
import {
  type ConvRule,
  type ConvTransposeRule,
  type Dim,
  face,
  type Guard,
  type Mismatch,
  type Over,
  type Shape,
  ShapeError,
  type SpatialRank,
  T
} from "@cotangent/graph"
import { glorotUniform } from "../initializer.ts"
import {
  along,
  type Bias,
  channelsOf,
  type Conv,
  convLayer,
  type ConvLayerOptions,
  convProblems,
  type Drawn,
  type Moves,
  type Option
} from "./convolution-layer.ts"
import {
  type Channels,
  type PerAxis,
  type ShapeOr,
  type Size,
  type Spatial,
  type Window,
  windowOf
} from "./features.ts"
import { checkOptions, count, perAxis } from "./layer-options.ts"
import type { AnyModel, Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"

/** Options of convolutions. */
export interface ConvOptions extends ConvLayerOptions {
  /** Into how many groups the channels fall, each with filters of its own; 1 unless given. */
  readonly groups?: number
}

/** Options of transposed convolutions. */
export interface ConvTransposeOptions extends ConvLayerOptions {
  /** How many more outputs there are at the end of each axis; 0 unless given. */
  readonly outputPadding?: PerAxis
}

type Groups<O> = Option<O, "groups", 1> extends infer G extends number ? G : number
type InGroup<O extends Shape, Opt> = [Over<Channels<O>, Groups<Opt>>] extends [never]
  ? number
  : Groups<Opt> extends 1
    ? Size<Channels<O>>
    : Over<Channels<O>, Groups<Opt>>

/** The kernel of a convolution from a shape to F channels. */
export type ConvKernel<N extends SpatialRank, O extends Shape, F extends number, Z, Opt> = [
  ...Window<N, Z>,
  InGroup<O, Opt>,
  F
]

/** The shape after a convolution, or the sentence. */
export type Convolved<Op extends string, N extends SpatialRank, O extends Shape, F extends number, Z, Opt> = [
  Over<Channels<O>, Groups<Opt>>
] extends [never]
  ? Mismatch<`${Op}: ${Groups<Opt>} groups do not divide the ${Channels<O> & Dim} channels`>
  : Spatial<Op, N, O, ConvRule<Op, N, O, ConvKernel<N, O, F, Z, Opt>, Moves<Opt>>>

/** What a convolution does to a model. */
export interface ConvLayer<Op extends string, N extends SpatialRank, L extends string, F extends number, Z, Opt> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Convolved<Op, N, O, F, Z, Opt>> & Fresh<P, L>
  ): Model<I, ShapeOr<Convolved<Op, N, O, F, Z, Opt>>, Put<P, L, Conv<ConvKernel<N, O, F, Z, Opt>, F, Bias<Opt>>>, S>
}

/** A convolution layer along N axes. */
export interface ConvFace<Op extends string, N extends SpatialRank> {
  <L extends string, F extends number, const Z extends PerAxis, const Opt extends ConvOptions = {}>(
    name: L,
    filters: F,
    kernelSize: Z,
    options?: Opt
  ): ConvLayer<Op, N, L, F, Z, Opt>
}

/** The shape after a transposed convolution, or the sentence. */
export type Spread<Op extends string, N extends SpatialRank, O extends Shape, F extends number, Z, Opt> = Spatial<
  Op,
  N,
  O,
  ConvTransposeRule<Op, N, O, [...Window<N, Z>, F, Channels<O>], Moves<Opt>>
>

/** What a transposed convolution does to a model. */
export interface ConvTransposeLayer<
  Op extends string,
  N extends SpatialRank,
  L extends string,
  F extends number,
  Z,
  Opt
> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Spread<Op, N, O, F, Z, Opt>> & Fresh<P, L>
  ): Model<
    I,
    ShapeOr<Spread<Op, N, O, F, Z, Opt>>,
    Put<P, L, Conv<[...Window<N, Z>, F, Size<Channels<O>>], F, Bias<Opt>>>,
    S
  >
}

/** A transposed convolution layer along N axes. */
export interface ConvTransposeFace<Op extends string, N extends SpatialRank> {
  <L extends string, F extends number, const Z extends PerAxis, const Opt extends ConvTransposeOptions = {}>(
    name: L,
    filters: F,
    kernelSize: Z,
    options?: Opt
  ): ConvTransposeLayer<Op, N, L, F, Z, Opt>
}

const conv = <Op extends string, N extends 1 | 2>(operation: Op, n: N, kind: string): ConvFace<Op, N> =>
  face(1, (name: string, filters: number, kernelSize: PerAxis, options: ConvOptions = {}) => {
    const { groups = 1, kernelInitializer: initializer = glorotUniform } = options
    checkOptions(
      operation,
      count("the number of filters", filters),
      count("the number of groups", groups),
      convProblems(n, kernelSize, options)
    )
    const window = windowOf(n, kernelSize)
    const convolve = along({ 1: T.conv1d, 2: T.conv2d }, n)
    return (model: AnyModel): AnyModel => {
      const channels = channelsOf(operation, n, model)
      if (channels % groups !== 0)
        throw new ShapeError(`${operation}: ${groups} groups do not divide the ${channels} channels`)
      const kernel: Drawn = { shape: [...window, channels / groups, filters], initializer }
      return convLayer(model, operation, name, kind, filters, { kernel }, options, (x, { kernel = x }, moves) =>
        convolve(x, kernel, { ...moves, groups })
      )
    }
  })

const transposed = <Op extends string, N extends 1 | 2>(operation: Op, n: N, kind: string): ConvTransposeFace<Op, N> =>
  face(1, (name: string, filters: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) => {
    const { outputPadding = 0, kernelInitializer: initializer = glorotUniform } = options
    checkOptions(
      operation,
      count("the number of filters", filters),
      convProblems(n, kernelSize, options),
      perAxis("outputPadding", n, outputPadding, 0)
    )
    const window = windowOf(n, kernelSize)
    const convolve = along({ 1: T.convTranspose1d, 2: T.convTranspose2d }, n)
    return (model: AnyModel): AnyModel => {
      const kernel: Drawn = { shape: [...window, filters, channelsOf(operation, n, model)], initializer }
      return convLayer(model, operation, name, kind, filters, { kernel }, options, (x, { kernel = x }, moves) =>
        convolve(x, kernel, { ...moves, outputPadding })
      )
    }
  })

/**
 * Convolution along one axis: `[batch, length, C]` to `[batch, ..., filters]` by a kernel `[size, C / groups, filters]`,
 * `y = activation(T.conv1d(x, kernel) + bias)`. Options: see `conv2d`. Keras's `Conv1D`.
 */
export const conv1d = conv("conv1d", 1, "Conv1d")

/**
 * Convolution along two axes: `[batch, height, width, C]` to `[batch, ..., ..., filters]` by a kernel
 * `[height, width, C / groups, filters]`, `y = activation(T.conv2d(x, kernel) + bias)`. Keras's `Conv2D`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([28, 28, 1]),
 *   Model.conv2d("first", 32, 3, { activation: "relu" }), // [batch, 26, 26, 32]
 *   Model.conv2d("second", 64, [3, 5], { strides: 2, padding: "same" }) // [batch, 13, 13, 64]
 * )
 * ```
 *
 * Throws ShapeError when the samples have other axes or the kernel does not fit, OptionError
 * with everything that is wrong with sizes, strides, groups and the like, ModelError for a name that is taken.
 */
export const conv2d = conv("conv2d", 2, "Conv2d")

/** The transpose of a convolution along one axis; see `conv2dTranspose`. Keras's `Conv1DTranspose`. */
export const conv1dTranspose = transposed("conv1dTranspose", 1, "Conv1dTranspose")

/**
 * The transpose of a convolution along two axes, by a kernel `[height, width, filters, C]`: with `padding: "same"` an axis of
 * n becomes `n stride`. Keras's `Conv2DTranspose`; where a stride is larger than the kernel Keras adds zeros behind a
 * "valid" result, this does so with `outputPadding: stride - size`.
 */
export const conv2dTranspose = transposed("conv2dTranspose", 2, "Conv2dTranspose")
