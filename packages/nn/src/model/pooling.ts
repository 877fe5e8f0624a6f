/** Pooling layers: the largest or the mean element of windows, or of whole samples. */
import {
  type AnyTensor,
  Axes,
  type Dim,
  face,
  type Guard,
  type Mismatch,
  type PoolRule,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type SpatialRank,
  T,
  type Tensor
} from "@cotangent/graph"
import { type PerAxis, type ShapeOr, type Spatial, spatialNames } from "./features.ts"
import { pureLayer } from "./layer.ts"
import { checkOptions, oneOf, perAxis } from "./layer-options.ts"
import { type AnyModel, append, type Model } from "./model.ts"
import { appendTried } from "./probe.ts"

/** Options of pooling layers; the names and defaults are those of Keras. */
export interface PoolOptions {
  /** How far the window moves; its own size unless given. */
  readonly strides?: PerAxis
  /** `"valid"` unless given; padding is never the largest and does not count in a mean. */
  readonly padding?: "valid" | "same"
}

type Moves<Z, O> = {
  readonly stride: O extends { readonly strides: infer S } ? S : Z
  readonly padding: O extends { readonly padding: infer P } ? P : "valid"
}

/** The shape after pooling, or the sentence. */
export type Pooled<Op extends string, N extends SpatialRank, O extends Shape, Z, Opt> = Spatial<
  Op,
  N,
  O,
  PoolRule<Op, N, O, Z, Moves<Z, Opt>>
>

/** What pooling does to a model. */
export interface PoolLayer<Op extends string, N extends SpatialRank, Z, Opt> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Pooled<Op, N, O, Z, Opt>>
  ): Model<I, ShapeOr<Pooled<Op, N, O, Z, Opt>>, P, S>
}

/** A pooling layer along N axes. */
export interface PoolFace<Op extends string, N extends SpatialRank> {
  <const Z extends PerAxis = 2, const Opt extends PoolOptions = {}>(size?: Z, options?: Opt): PoolLayer<Op, N, Z, Opt>
}

type Pool = (x: AnyTensor, size: PerAxis, options: object) => AnyTensor

const pool = <Op extends string, N extends SpatialRank>(
  operation: Op,
  n: N,
  kind: string,
  // The operations check what their types say again.
  body: unknown
): PoolFace<Op, N> =>
  face(1, (size: PerAxis = 2, { strides = size, padding = "valid" }: PoolOptions = {}) => {
    checkOptions(
      operation,
      perAxis("size", n, size),
      // Strides that are not given are the size.
      strides === size ? [] : perAxis("strides", n, strides),
      oneOf("padding", padding, ["valid", "same"])
    )
    return (model: AnyModel): AnyModel => {
      const { outputShape } = model
      if (outputShape.length !== n + 1)
        throw new ShapeError(
          `${operation}: needs [batch, ${spatialNames[n]}, channels], got ${showShape(["batch", ...outputShape])}`
        )
      return appendTried(model, operation, {
        name: undefined,
        kind,
        init: () => ({ params: {}, state: {} }),
        apply: (_, state, x) => ({ y: (body as Pool)(x, size, { stride: strides, padding }), state })
      })
    }
  })

/** The largest element of every window along one axis; see `maxPool2d`. Keras's `MaxPooling1D`. */
export const maxPool1d = pool("maxPool1d", 1, "MaxPool1d", T.maxPool1d)

/**
 * The largest element of every window: `Model.maxPool2d()` halves height and width, `Model.maxPool2d(3, { strides: 2, padding: "same" })`.
 * Of equal elements the first gets the derivative. Keras's `MaxPooling2D`.
 *
 * Throws ShapeError when the samples have other axes or the window does not fit, OptionError with everything that is wrong
 * with size, strides and padding.
 */
export const maxPool2d = pool("maxPool2d", 2, "MaxPool2d", T.maxPool2d)

/** The mean of every window along one axis; see `avgPool2d`. Keras's `AveragePooling1D`. */
export const avgPool1d = pool("avgPool1d", 1, "AvgPool1d", T.avgPool1d)

/** The mean of every window, 2 by 2 unless given. Padding does not count. Keras's `AveragePooling2D`. */
export const avgPool2d = pool("avgPool2d", 2, "AvgPool2d", T.avgPool2d)

/** Options of global pooling. */
export interface GlobalPoolOptions<K extends boolean = boolean> {
  /** Whether the axes stay as size 1; false unless given. */
  readonly keepDims?: K
}

/** The shape after global pooling, or the sentence. */
export type PooledGlobally<Op extends string, O extends Shape, K> = number extends O["length"]
  ? Shape
  : O extends readonly [infer B extends Dim, ...infer R extends Shape, infer C extends Dim]
    ? R extends readonly []
      ? Mismatch<`${Op}: needs [batch, ..., channels] with an axis between, got ${Show<O>}`>
      : K extends true
        ? [B, ...Ones<R>, C]
        : [B, C]
    : Mismatch<`${Op}: needs [batch, ..., channels] with an axis between, got ${Show<O>}`>
type Ones<S extends Shape, Out extends Shape = []> = S extends readonly [Dim, ...infer R extends Shape]
  ? Ones<R, [...Out, 1]>
  : Out

/** What global pooling does to a model. */
export interface GlobalPoolLayer<Op extends string, K> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<PooledGlobally<Op, O, K>>
  ): Model<I, ShapeOr<PooledGlobally<Op, O, K>>, P, S>
}

/** A global pooling layer. */
export interface GlobalPoolFace<Op extends string> {
  <K extends boolean = false>(options?: GlobalPoolOptions<K>): GlobalPoolLayer<Op, K>
}

type Reduce = (x: AnyTensor, axis: ReadonlyArray<number>, keepDims: boolean) => AnyTensor

const globalPool = <Op extends string>(operation: Op, kind: string, reduce: Reduce): GlobalPoolFace<Op> =>
  face(1, ({ keepDims = false }: GlobalPoolOptions = {}) => (model: AnyModel): AnyModel => {
    const { outputShape } = model
    if (outputShape.length < 2)
      throw new ShapeError(
        `${operation}: needs [batch, ..., channels] with an axis between, got ${showShape(["batch", ...outputShape])}`
      )
    const axes = outputShape.slice(1).map((_, d) => d + 1)
    const channels = outputShape.slice(-1)
    const shape = keepDims ? [...axes.map(() => 1), ...channels] : channels
    return append(
      model,
      pureLayer(kind, shape, (x) => reduce(x, axes, keepDims))
    )
  })

// Models hold floats.
/** The mean over all axes between batch and channels. Keras's `GlobalAveragePooling1D` to `3D`. Lin, Chen, Yan 2014. */
export const globalAvgPool = globalPool("globalAvgPool", "GlobalAvgPool", (x, axis, keepDims) =>
  T.mean(x as Tensor<Shape>, { axis: Axes.normalizeAxes("globalAvgPool", x.shape, axis), keepDims })
)

/** The largest element over all axes between batch and channels. Keras's `GlobalMaxPooling1D` to `3D`. */
export const globalMaxPool = globalPool("globalMaxPool", "GlobalMaxPool", (x, axis, keepDims) =>
  T.max(x as Tensor<Shape>, { axis: Axes.normalizeAxes("globalMaxPool", x.shape, axis), keepDims })
)
