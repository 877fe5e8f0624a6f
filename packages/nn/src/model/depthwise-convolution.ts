/** Convolution layers whose kernels see every channel alone, and those that mix the channels afterwards. */
import {
  type DepthwiseConvRule,
  type Dim,
  face,
  type Guard,
  type Shape,
  type SpatialRank,
  T,
  type Tensor,
  type Times
} from "@cotangent/graph"
import { glorotUniform, type Initializer } from "../initializer.ts"
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
import { checkOptions, count } from "./layer-options.ts"
import type { AnyModel, Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"

/** Options of convolutions of every channel alone. */
export interface DepthwiseOptions extends ConvLayerOptions {
  /** Filters for each channel; 1 unless given. */
  readonly depthMultiplier?: number
  /** `glorotUniform` unless given. */
  readonly depthwiseInitializer?: Initializer
}

/** Options of separable convolutions. */
export interface SeparableOptions extends DepthwiseOptions {
  /** `glorotUniform` unless given. */
  readonly pointwiseInitializer?: Initializer
}

type Multiplier<O> = Option<O, "depthMultiplier", 1> extends infer M extends number ? M : number

/** The kernel of a convolution of every channel alone. */
export type DepthwiseKernel<N extends SpatialRank, O extends Shape, Z, Opt> = [
  ...Window<N, Z>,
  Size<Channels<O>>,
  Multiplier<Opt>
]

/** The shape after a convolution of every channel alone, or the sentence. */
export type Filtered<Op extends string, N extends SpatialRank, O extends Shape, Z, Opt> = Spatial<
  Op,
  N,
  O,
  DepthwiseConvRule<Op, N, O, DepthwiseKernel<N, O, Z, Opt>, Moves<Opt>>
>

/** What a convolution of every channel alone does to a model. */
export interface DepthwiseLayer<Op extends string, N extends SpatialRank, L extends string, Z, Opt> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Filtered<Op, N, O, Z, Opt>> & Fresh<P, L>
  ): Model<
    I,
    ShapeOr<Filtered<Op, N, O, Z, Opt>>,
    Put<P, L, Conv<DepthwiseKernel<N, O, Z, Opt>, Size<Times<Channels<O>, Multiplier<Opt>>>, Bias<Opt>>>,
    S
  >
}

/** A convolution of every channel alone along N axes. */
export interface DepthwiseFace<Op extends string, N extends SpatialRank> {
  <L extends string, const Z extends PerAxis, const Opt extends DepthwiseOptions = {}>(
    name: L,
    kernelSize: Z,
    options?: Opt
  ): DepthwiseLayer<Op, N, L, Z, Opt>
}

/** The parameters of a separable convolution. */
export type Separable<D extends Shape, W extends Shape, F extends number, B extends boolean> = B extends true
  ? { readonly depthwiseKernel: Tensor<D>; readonly pointwiseKernel: Tensor<W>; readonly bias: Tensor<[F]> }
  : { readonly depthwiseKernel: Tensor<D>; readonly pointwiseKernel: Tensor<W> }

/** The shape with F channels, or the sentence before it. */
export type WithChannels<R, F extends number> = R extends readonly [...infer Lead extends Shape, Dim] ? [...Lead, F] : R

/** The kernel that mixes the channels of a separable convolution. */
export type PointwiseKernel<N extends SpatialRank, O extends Shape, F extends number, Opt> = [
  ...Window<N, 1>,
  Size<Times<Channels<O>, Multiplier<Opt>>>,
  F
]

/** What a separable convolution does to a model. */
export interface SeparableLayer<Op extends string, N extends SpatialRank, L extends string, F extends number, Z, Opt> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Filtered<Op, N, O, Z, Opt>> & Fresh<P, L>
  ): Model<
    I,
    ShapeOr<WithChannels<Filtered<Op, N, O, Z, Opt>, F>>,
    Put<P, L, Separable<DepthwiseKernel<N, O, Z, Opt>, PointwiseKernel<N, O, F, Opt>, F, Bias<Opt>>>,
    S
  >
}

/** A separable convolution along N axes. */
export interface SeparableFace<Op extends string, N extends SpatialRank> {
  <L extends string, F extends number, const Z extends PerAxis, const Opt extends SeparableOptions = {}>(
    name: L,
    filters: F,
    kernelSize: Z,
    options?: Opt
  ): SeparableLayer<Op, N, L, F, Z, Opt>
}

const depthwise = <Op extends string, N extends 1 | 2>(operation: Op, n: N, kind: string): DepthwiseFace<Op, N> =>
  face(1, (name: string, kernelSize: PerAxis, options: DepthwiseOptions = {}) => {
    const { depthMultiplier = 1, depthwiseInitializer, kernelInitializer = glorotUniform } = options
    checkOptions(operation, count("depthMultiplier", depthMultiplier), convProblems(n, kernelSize, options))
    const window = windowOf(n, kernelSize)
    const convolve = along({ 1: T.depthwiseConv1d, 2: T.depthwiseConv2d }, n)
    return (model: AnyModel): AnyModel => {
      const channels = channelsOf(operation, n, model)
      const initializer = depthwiseInitializer ?? kernelInitializer
      const kernel: Drawn = { shape: [...window, channels, depthMultiplier], initializer }
      const out = channels * depthMultiplier
      return convLayer(model, operation, name, kind, out, { kernel }, options, (x, { kernel = x }, moves) =>
        convolve(x, kernel, moves)
      )
    }
  })

const separable = <Op extends string, N extends 1 | 2>(operation: Op, n: N, kind: string): SeparableFace<Op, N> =>
  face(1, (name: string, filters: number, kernelSize: PerAxis, options: SeparableOptions = {}) => {
    const { depthMultiplier = 1, kernelInitializer = glorotUniform } = options
    const { depthwiseInitializer = kernelInitializer, pointwiseInitializer = kernelInitializer } = options
    checkOptions(
      operation,
      count("the number of filters", filters),
      count("depthMultiplier", depthMultiplier),
      convProblems(n, kernelSize, options)
    )
    const window = windowOf(n, kernelSize)
    const each = along({ 1: T.depthwiseConv1d, 2: T.depthwiseConv2d }, n)
    const mix = along({ 1: T.conv1d, 2: T.conv2d }, n)
    return (model: AnyModel): AnyModel => {
      const channels = channelsOf(operation, n, model)
      const kernels = {
        depthwiseKernel: { shape: [...window, channels, depthMultiplier], initializer: depthwiseInitializer },
        pointwiseKernel: {
          shape: [...windowOf(n, 1), channels * depthMultiplier, filters],
          initializer: pointwiseInitializer
        }
      }
      return convLayer(model, operation, name, kind, filters, kernels, options, (x, params, moves) => {
        const { depthwiseKernel = x, pointwiseKernel = x } = params
        return mix(each(x, depthwiseKernel, moves), pointwiseKernel, {})
      })
    }
  })

/** Convolution of every channel alone along one axis; see `depthwiseConv2d`. Keras's `DepthwiseConv1D`. */
export const depthwiseConv1d = depthwise("depthwiseConv1d", 1, "DepthwiseConv1d")

/**
 * Convolution of every channel alone, by `depthMultiplier` filters each: C channels become `C depthMultiplier` by a kernel
 * `[height, width, C, depthMultiplier]`. Keras's `DepthwiseConv2D`.
 */
export const depthwiseConv2d = depthwise("depthwiseConv2d", 2, "DepthwiseConv2d")

/** A convolution of every channel alone, then one that mixes channels, along one axis; see `separableConv2d`. */
export const separableConv1d = separable("separableConv1d", 1, "SeparableConv1d")

/**
 * A convolution of every channel alone, then one of size 1 that mixes the channels: parameters `depthwiseKernel`,
 * `pointwiseKernel` and `bias`. Keras's `SeparableConv2D`. Chollet 2017.
 */
export const separableConv2d = separable("separableConv2d", 2, "SeparableConv2d")
