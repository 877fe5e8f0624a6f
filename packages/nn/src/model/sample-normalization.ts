/** Normalisations of every sample by itself: over groups of channels, single channels, root mean squares. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  Key,
  type Mismatch,
  type Over,
  type Shape,
  type Show,
  type ShowDim,
  T,
  type Tensor
} from "@cotangent/graph"
import { ones, zeros } from "../initializer.ts"
import type { Channels } from "./features.ts"
import { checkOptions, count, positive, type Problems } from "./layer-options.ts"
import { type AnyModel, featuresOf, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import type { LayerNormOptions, Norm } from "./normalization.ts"
import { appendWithParameters } from "./probe.ts"

/** Options of groupNorm. */
export interface GroupNormOptions<G extends number = number> extends LayerNormOptions {
  /** How many groups of neighbouring channels; 32 unless given, as in Keras. It must divide the channels. */
  readonly groups?: G
}

/** The guard of groups: they divide the channels, and there is a batch before them. */
export type Grouped<O extends Shape, G extends number> = number extends O["length"]
  ? unknown
  : O extends readonly [Dim, ...Shape, infer C extends Dim]
    ? [Over<C, G>] extends [never]
      ? Mismatch<`groupNorm: ${ShowDim<C>} channels do not divide into ${G} groups`>
      : unknown
    : Mismatch<`groupNorm: needs [batch, ..., channels], got ${Show<O>}`>

/** The guard of instanceNorm: there is an axis between batch and channels. */
export type HasPlaces<O extends Shape> = number extends O["length"]
  ? unknown
  : O extends readonly [Dim, Dim, ...Shape, Dim]
    ? unknown
    : Mismatch<`instanceNorm: ${Show<O>} has no axis beside the batch and the channels to normalise over`>

/** What groupNorm does to a model. */
export interface GroupNormLayer<L extends string, G extends number> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Grouped<O, G>> & Fresh<P, L>
  ): Model<I, O, Put<P, L, Norm<Channels<O> & number>>, S>
}

/** What instanceNorm does to a model. */
export interface InstanceNormLayer<L extends string> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<HasPlaces<O>> & Fresh<P, L>
  ): Model<I, O, Put<P, L, Norm<Channels<O> & number>>, S>
}

/** The parameters of rmsNorm over C features. */
export type Scale<C extends number> = { readonly scale: Tensor<[C]> }

/** What rmsNorm does to a model. */
export interface RmsNormLayer<L extends string> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Fresh<P, L>
  ): Model<I, O, Put<P, L, Scale<Channels<O> & number>>, S>
}

type Parameters = { readonly scale: Tensor<Shape>; readonly offset?: Tensor<Shape> }

const sampleNorm = (
  operation: string,
  kind: string,
  defaultEpsilon: number,
  withOffset: boolean,
  name: string,
  options: LayerNormOptions,
  normalize: (x: Tensor<Shape>, options: Parameters & { readonly epsilon: number }) => AnyTensor,
  problems: Problems = []
) => {
  const { epsilon = defaultEpsilon, scaleInitializer = ones, offsetInitializer = zeros } = options
  checkOptions(operation, problems, positive("epsilon", epsilon))
  return (model: AnyModel): AnyModel => {
    const features = featuresOf(operation, model)
    return appendWithParameters<Parameters>(model, operation, {
      name,
      kind,
      init: (key) => ({
        scale: scaleInitializer.draw(Key.fold(key, 0), [features]),
        ...(withOffset ? { offset: offsetInitializer.draw(Key.fold(key, 1), [features]) } : {})
      }),
      // Models hold f32.
      apply: (params, x) => normalize(x as Tensor<Shape>, { ...params, epsilon })
    })
  }
}

/**
 * Normalises every sample over groups of neighbouring channels and all places:
 * `y = (x - mean) / sqrt(variance + epsilon) scale + offset`, epsilon 1e-3 unless given. The same in both modes. Keras's
 * `GroupNormalization`. Wu, He 2018.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([8, 8, 6]), Model.groupNorm("norm", { groups: 3 }))
 * ```
 *
 * Throws ShapeError when the channels do not divide into the groups, OptionError unless `epsilon > 0`, ModelError for a
 * name that is taken.
 */
export const groupNorm: <L extends string, G extends number = 32>(
  name: L,
  options?: GroupNormOptions<G>
) => GroupNormLayer<L, G> = face(1, (name: string, options: GroupNormOptions = {}) => {
  const { groups = 32 } = options
  const normalize = (x: Tensor<Shape>, at: Parameters & { readonly epsilon: number }): AnyTensor =>
    T.groupNorm(x, { ...at, groups })
  return sampleNorm(
    "groupNorm",
    `GroupNorm ${groups}`,
    1e-3,
    true,
    name,
    options,
    normalize,
    count("the number of groups", groups)
  )
})

/**
 * Normalises every channel of every sample over all places; see `groupNorm`, of which it is the case of as many groups as
 * channels. Ulyanov, Vedaldi, Lempitsky 2016.
 */
export const instanceNorm: <L extends string>(name: L, options?: LayerNormOptions) => InstanceNormLayer<L> = face(
  1,
  (name: string, options: LayerNormOptions = {}) =>
    sampleNorm("instanceNorm", "InstanceNorm", 1e-3, true, name, options, (x, at) => T.instanceNorm(x, at))
)

/**
 * `y = x / sqrt(mean x^2 + epsilon) scale` over the last axis, epsilon 1e-6 unless given; no mean, no offset. Keras's
 * `RMSNormalization`. Throws as groupNorm does. Zhang, Sennrich 2019.
 */
export const rmsNorm: <L extends string>(
  name: L,
  options?: Omit<LayerNormOptions, "offsetInitializer">
) => RmsNormLayer<L> = face(1, (name: string, options: LayerNormOptions = {}) =>
  sampleNorm("rmsNorm", "RmsNorm", 1e-6, false, name, options, (x, at) => T.rmsNorm(x, at))
)
