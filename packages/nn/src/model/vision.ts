/** Blocks of image models, made of the layers before: what they do, and what their parameters are called. */
import {
  type ConvRule,
  type Dim,
  face,
  type Guard,
  type Mismatch,
  operations,
  type Plus,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Times
} from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { heNormal } from "../initializer.ts"
import { type Activation, activation as activationLayer } from "./activation.ts"
import { emptyLike, layerOfBlock } from "./block.ts"
import { add, concat } from "./branches.ts"
import type { Conv } from "./convolution-layer.ts"
import { conv2d } from "./convolution.ts"
import { type Dense, dense } from "./dense.ts"
import type { Channels } from "./features.ts"
import { type AnyModel, append, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import { batchNorm, type Norm, type NormState } from "./normalization.ts"
import { globalAvgPool, maxPool2d } from "./pooling.ts"
import { gate } from "./residual.ts"

/** A layer whose types are forgotten: the blocks are put together from models whose shapes are known at run time. */
type AnyLayerFace = (model: AnyModel) => AnyModel
const chain = (start: AnyModel, ...layers: ReadonlyArray<unknown>): AnyModel =>
  // Only layers are given.
  layers.reduce<AnyModel>((model, layer) => (layer as AnyLayerFace)(model), start)

type Size<A> = A extends number ? A : number
type Last<O extends Shape> = Size<Channels<O>>

/** The guard of images: `[batch, height, width, channels]`, or the sentence. */
export type Images<Op extends string, O extends Shape> = number extends O["length"]
  ? unknown
  : O extends readonly [Dim, Dim, Dim, Dim]
    ? unknown
    : Mismatch<`${Op}: needs [batch, height, width, channels], got ${Show<O>}`>

const channelsOf = (operation: string, { outputShape }: AnyModel): number => {
  const [, , channels] = outputShape
  if (channels === undefined || outputShape.length !== 3)
    throw new ShapeError(
      `${operation}: needs [batch, height, width, channels], got ${showShape(["batch", ...outputShape])}`
    )
  return channels
}

/** Options of squeezeExcitation. */
export interface SqueezeOptions<R extends number = number> {
  /** The features between, as many as channels over this; 16 unless given. At least one. */
  readonly ratio?: R
}

/** What squeezeExcitation does to a model. */
export interface SqueezeLayer<L extends string> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Images<"squeezeExcitation", O>> & Fresh<P, L>
  ): Model<I, O, Put<P, L, { readonly squeeze: Dense<Last<O>, number>; readonly excite: Dense<number, Last<O>> }>, S>
}

/**
 * Channels weighed by what the whole image shows: `y = x sigmoid(W_2 relu(W_1 mean x + b_1) + b_2)`, where the mean is over all
 * places. Parameters `squeeze` and `excite`. Hu, Shen, Sun 2018.
 *
 * Throws ShapeError unless samples are images, OptionError unless `ratio` is positive, ModelError for a name that is taken.
 */
export const squeezeExcitation: <L extends string>(name: L, options?: SqueezeOptions) => SqueezeLayer<L> = face(
  1,
  (name: string, { ratio = 16 }: SqueezeOptions = {}) => {
    if (!(ratio > 0)) throw optionError("squeezeExcitation: ratio", "a positive number", ratio)
    return (model: AnyModel): AnyModel => {
      const channels = channelsOf("squeezeExcitation", model)
      const between = Math.max(1, Math.floor(channels / ratio))
      const block = (m: AnyModel): AnyModel =>
        chain(
          m,
          globalAvgPool({ keepDims: true }),
          dense("squeeze", between, { activation: "relu" }),
          dense("excite", channels, { activation: "sigmoid" })
        )
      // Shapes are known at run time only, and checked there.
      return chain(model, gate(name, block as never))
    }
  }
)

/** How many filters each branch of an inception block has. */
export interface InceptionFilters {
  readonly one: number
  readonly threeReduce: number
  readonly three: number
  readonly fiveReduce: number
  readonly five: number
  readonly pool: number
}

/** The parameters of an inception block over C channels. */
export type Inception<C extends number, F extends InceptionFilters> = {
  readonly one: { readonly conv: Conv<[1, 1, C, F["one"]], F["one"]> }
  readonly three: {
    readonly reduce: Conv<[1, 1, C, F["threeReduce"]], F["threeReduce"]>
    readonly conv: Conv<[3, 3, F["threeReduce"], F["three"]], F["three"]>
  }
  readonly five: {
    readonly reduce: Conv<[1, 1, C, F["fiveReduce"]], F["fiveReduce"]>
    readonly conv: Conv<[5, 5, F["fiveReduce"], F["five"]], F["five"]>
  }
  readonly pool: { readonly conv: Conv<[1, 1, C, F["pool"]], F["pool"]> }
}

type AllFilters<F extends InceptionFilters> = Plus<Plus<F["one"], F["three"]>, Plus<F["five"], F["pool"]>>
type WithChannels<O extends Shape, C extends Dim> = O extends readonly [...infer Lead extends Shape, Dim]
  ? [...Lead, C]
  : Shape

/** What an inception block does to a model. */
export interface InceptionLayer<L extends string, F extends InceptionFilters> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Images<"inception", O>> & Fresh<P, L>
  ): Model<I, WithChannels<O, AllFilters<F>>, Put<P, L, Inception<Last<O>, F>>, S>
}

/**
 * Convolutions of sizes 1, 3 and 5 and a pooling side by side, each with relu: `[.., H, W, C]` to
 * `[.., H, W, one + three + five + pool]`. `Model.inception("a", { one: 64, threeReduce: 96, three: 128, fiveReduce: 16, five: 32, pool: 32 })`
 * is block 3a of GoogLeNet. Szegedy and others 2015, figure 2b.
 *
 * Throws ShapeError unless samples are images, ModelError for a name that is taken.
 */
export const inception: <L extends string, const F extends InceptionFilters>(
  name: L,
  filters: F
) => InceptionLayer<L, F> = face(
  1,
  (name: string, { one, threeReduce, three, fiveReduce, five, pool }: InceptionFilters) =>
    (model: AnyModel): AnyModel => {
      channelsOf("inception", model)
      const conv = (own: string, filters: number, size: number): unknown =>
        conv2d(own, filters, size, { padding: "same", activation: "relu" })
      const branches = (m: AnyModel) => [
        ["one", chain(m, conv("conv", one, 1))],
        ["three", chain(m, conv("reduce", threeReduce, 1), conv("conv", three, 3))],
        ["five", chain(m, conv("reduce", fiveReduce, 1), conv("conv", five, 5))],
        ["pool", chain(m, maxPool2d(3, { strides: 1, padding: "same" }), conv("conv", pool, 1))]
      ]
      // Shapes are known at run time only, and checked there.
      return chain(model, concat(name, branches as never))
    }
)

/** A convolution without bias and the batch norm behind it. */
export type ConvBlock<K extends Shape, F extends number> = {
  readonly conv: Conv<K, F, false>
  readonly norm: Norm<F>
}

/** Options of residualBlock. */
export interface ResidualBlockOptions<St extends number = number> {
  /** How far the first convolution moves; 1 unless given. */
  readonly strides?: St
  /** relu unless given. */
  readonly activation?: Activation
}

type Strided<O extends Shape, F extends number, St extends number> =
  ConvRule<
    "conv2d",
    2,
    O,
    [3, 3, Last<O>, F],
    { readonly stride: St; readonly padding: "same" }
  > extends infer R extends Shape
    ? R
    : Shape

/** Whether a residual block needs a convolution on its shortcut: when it changes the channels or the places. */
type Projects<O extends Shape, F extends number, St extends number> = [St, Last<O>] extends [1, F] ? false : true

/** The parameters of a residual block from C to F channels. */
export type ResidualBlock<O extends Shape, F extends number, St extends number> = {
  readonly deep: {
    readonly first: ConvBlock<[3, 3, Last<O>, F], F>
    readonly second: ConvBlock<[3, 3, F, F], F>
  }
  readonly shortcut: Projects<O, F, St> extends true ? { readonly project: ConvBlock<[1, 1, Last<O>, F], F> } : {}
}

/** The running statistics of a residual block. */
export type ResidualState<O extends Shape, F extends number, St extends number> = {
  readonly deep: { readonly first: { readonly norm: NormState<F> }; readonly second: { readonly norm: NormState<F> } }
} & (Projects<O, F, St> extends true
  ? { readonly shortcut: { readonly project: { readonly norm: NormState<F> } } }
  : {})

/** What a residual block does to a model. */
export interface ResidualBlockLayer<L extends string, F extends number, St extends number> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Images<"residualBlock", O>> & Fresh<P, L>
  ): Model<I, Strided<O, F, St>, Put<P, L, ResidualBlock<O, F, St>>, Put<S, L, ResidualState<O, F, St>>>
}

const convBlock = (name: string, filters: number, size: number, strides: number) => (model: AnyModel) =>
  append(
    model,
    layerOfBlock(
      name,
      "ConvBlock",
      chain(
        emptyLike(model),
        conv2d("conv", filters, size, { strides, padding: "same", useBias: false, kernelInitializer: heNormal }),
        batchNorm("norm")
      ),
      (y) => y
    )
  )

/**
 * The basic block of a ResNet: `activation(norm(conv_2(activation(norm(conv_1 x)))) + shortcut(x))`, convolutions of size 3
 * without biases. The shortcut is the identity, or a convolution of size 1 and a norm where the block changes channels or
 * places. Parameters `deep.first.conv`, `deep.first.norm`, `deep.second...`, `shortcut.project...`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([8, 8, 3]),
 *   Model.residualBlock("a", 16),
 *   Model.residualBlock("b", 16),
 *   Model.residualBlock("c", 32, { strides: 2 })
 * ) // [batch, 4, 4, 32]
 * ```
 *
 * Kernels are drawn from `heNormal`. Throws ShapeError unless samples are images, OptionError unless `filters` is a whole
 * number above 0, ModelError for a name that is taken. He, Zhang, Ren, Sun 2016.
 */
export const residualBlock: <L extends string, F extends number, St extends number = 1>(
  name: L,
  filters: F,
  options?: ResidualBlockOptions<St>
) => ResidualBlockLayer<L, F, St> = face(
  1,
  (name: string, filters: number, { strides = 1, activation = "relu" }: ResidualBlockOptions = {}) =>
    (model: AnyModel): AnyModel => {
      const channels = channelsOf("residualBlock", model)
      const act = activationLayer(activation)
      const projects = strides !== 1 || channels !== filters
      const branches = (m: AnyModel) => [
        ["deep", chain(m, convBlock("first", filters, 3, strides), act, convBlock("second", filters, 3, 1))],
        ["shortcut", projects ? chain(m, convBlock("project", filters, 1, strides)) : m]
      ]
      // Shapes are known at run time only, and checked there.
      return chain(model, add(name, branches as never), act)
    }
)

/** Options of denseBlock. */
export interface DenseBlockOptions {
  /** relu unless given. */
  readonly activation?: Activation
}

/** What a dense block does to a model. */
export interface DenseBlockLayer<L extends string, N extends number, G extends number> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Images<"denseBlock", O>> & Fresh<P, L>
  ): Model<
    I,
    WithChannels<O, Plus<Channels<O>, Times<N, G>>>,
    Put<
      P,
      L,
      {
        readonly [layer: `layer${number}`]: {
          readonly norm: Norm<number>
          readonly conv: Conv<[3, 3, number, G], G, false>
        }
      }
    >,
    Put<S, L, { readonly [layer: `layer${number}`]: { readonly norm: NormState<number> } }>
  >
}

/**
 * The block of a DenseNet: every one of `layers` steps adds `growthRate` channels, `x = [x, conv(activation(norm x))]`, so that
 * C channels become `C + layers growthRate`. Parameters `layer0.norm`, `layer0.conv`, .... Huang and others 2017.
 *
 * Throws ShapeError unless samples are images, OptionError unless `layers` is a whole number above 0, ModelError for a name
 * that is taken.
 */
export const denseBlock: <L extends string, N extends number, G extends number>(
  name: L,
  layers: N,
  growthRate: G,
  options?: DenseBlockOptions
) => DenseBlockLayer<L, N, G> = face(
  1,
  (name: string, layers: number, growthRate: number, { activation = "relu" }: DenseBlockOptions = {}) => {
    if (!Number.isInteger(layers) || layers < 1)
      throw optionError("denseBlock: the number of layers", "a whole number above 0", layers)
    return (model: AnyModel): AnyModel => {
      channelsOf("denseBlock", model)
      const inner = Array.from({ length: layers }, (_, i) => i).reduce<AnyModel>((m, i) => {
        const grown = chain(
          emptyLike(m),
          batchNorm("norm"),
          activationLayer(activation),
          conv2d("conv", growthRate, 3, { padding: "same", useBias: false, kernelInitializer: heNormal })
        )
        const shape = [...m.outputShape.slice(0, -1), (m.outputShape.at(-1) ?? 0) + growthRate]
        return append(
          m,
          layerOfBlock(
            `layer${i}`,
            "Growth",
            grown,
            (y, x) => operations.concat([x, y], x.shape.length - 1),
            shape,
            "concat"
          )
        )
      }, emptyLike(model))
      return append(
        model,
        layerOfBlock(name, "DenseBlock", inner, (y) => y)
      )
    }
  }
)
