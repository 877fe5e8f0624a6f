/** Normalisation layers. */
import { type AnyTensor, type Dim, face, Key, type Shape, T, type Tensor } from "@cotangent/graph"
import { type Initializer, ones, zeros } from "../initializer.ts"
import type { NeedsFeatures } from "./dense.ts"
import { type Applied, type Layer, type Mode, parameterLayer } from "./layer.ts"
import { belowOne, checkOptions, oneOf, positive } from "./layer-options.ts"
import { type AnyModel, append, featuresOf, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"

/** The parameters of a normalisation layer over C features. */
export type Norm<C extends number> = {
  readonly scale: Tensor<[C]>
  readonly offset: Tensor<[C]>
}

/** The state of batchNorm: running statistics of C features. */
export type NormState<C extends number> = {
  readonly mean: Tensor<[C]>
  readonly variance: Tensor<[C]>
}

/** Options of layerNorm. */
export interface LayerNormOptions {
  /** Added to the variance; 1e-3 unless given, as in Keras (PyTorch: 1e-5). */
  readonly epsilon?: number
  /** `ones` unless given. */
  readonly scaleInitializer?: Initializer
  /** `zeros` unless given. */
  readonly offsetInitializer?: Initializer
}

/** Options of batchNorm. PyTorch's layer is `{ momentum: 0.9, epsilon: 1e-5, runningVariance: "unbiased" }`. */
export interface BatchNormOptions extends LayerNormOptions {
  /** The share of the old running statistics in the new; 0.99 unless given, as in Keras. PyTorch counts `1 - momentum`. */
  readonly momentum?: number
  /** Whether the running variance divides by n, as in Keras and unless given, or by n - 1, as in PyTorch. */
  readonly runningVariance?: "biased" | "unbiased"
}

interface Affine {
  readonly scale: Tensor<Shape>
  readonly offset: Tensor<Shape>
}

interface Statistics {
  readonly mean: Tensor<Shape>
  readonly variance: Tensor<Shape>
}

const affine =
  (features: number, { scaleInitializer = ones, offsetInitializer = zeros }: LayerNormOptions) =>
  (key: Key.Key): Affine => ({
    scale: scaleInitializer.draw(Key.fold(key, 0), [features]),
    offset: offsetInitializer.draw(Key.fold(key, 1), [features])
  })

/** What layerNorm does to a model. */
export interface LayerNormLayer<L extends string> {
  <I extends Shape, Lead extends Shape, C extends Dim, P, S>(
    model: Model<I, [...Lead, C], P, S> & NeedsFeatures<"layerNorm", Lead> & Fresh<P, L>
  ): Model<I, [...Lead, C], Put<P, L, Norm<C & number>>, S>
}

/**
 * Normalises every row over the last axis: `y = (x - mean) / sqrt(variance + epsilon) scale + offset`, where the variance
 * divides by the number of features. The same in both modes. Ba, Kiros, Hinton 2016.
 *
 * Throws ShapeError on samples without an axis, OptionError unless `epsilon > 0`, ModelError for a name that is taken.
 */
export const layerNorm: <L extends string>(name: L, options?: LayerNormOptions) => LayerNormLayer<L> = face(
  1,
  (name: string, options: LayerNormOptions = {}) => {
    const { epsilon = 1e-3 } = options
    checkOptions("layerNorm", positive("epsilon", epsilon))
    // Models hold f32.
    const apply = (params: Affine, x: AnyTensor): AnyTensor => T.layerNorm(x as Tensor<Shape>, { ...params, epsilon })
    return (model: AnyModel): AnyModel =>
      append(
        model,
        parameterLayer(name, "LayerNorm", model.outputShape, affine(featuresOf("layerNorm", model), options), apply)
      )
  }
)

/** What batchNorm does to a model. */
export interface BatchNormLayer<L extends string> {
  <I extends Shape, Lead extends Shape, C extends Dim, P, S>(
    model: Model<I, [...Lead, C], P, S> & NeedsFeatures<"batchNorm", Lead> & Fresh<P, L>
  ): Model<I, [...Lead, C], Put<P, L, Norm<C & number>>, Put<S, L, NormState<C & number>>>
}

/**
 * Normalises every feature (last axis) over all other axes: `y = (x - mean) / sqrt(variance + epsilon) scale + offset`.
 *
 * In train mode mean and variance (dividing by n) are those of the batch, and the state moves towards them:
 * `running = momentum running + (1 - momentum) batch`, no derivative flowing into it. In evaluate mode they are the
 * running ones. The state starts at mean 0 and variance 1. Ioffe, Szegedy 2015.
 *
 * Throws ShapeError on samples without an axis, OptionError unless `epsilon > 0` and `0 <= momentum < 1`, ModelError for
 * a name that is taken.
 */
export const batchNorm: <L extends string>(name: L, options?: BatchNormOptions) => BatchNormLayer<L> = face(
  1,
  (name: string, options: BatchNormOptions = {}) => {
    const { epsilon = 1e-3, momentum = 0.99, runningVariance = "biased" } = options
    checkOptions(
      "batchNorm",
      positive("epsilon", epsilon),
      belowOne("momentum", momentum),
      oneOf("runningVariance", runningVariance, ["biased", "unbiased"])
    )
    const apply = (params: Affine, state: Statistics, input: AnyTensor, mode: Mode): Applied<AnyTensor, Statistics> => {
      // Models hold f32.
      const x = input as Tensor<Shape>
      if (mode.mode === "evaluate") return { y: T.batchNormInference(x, { ...state, ...params, epsilon }), state }
      const { y, running } = T.batchNormTraining(x, { ...params, epsilon, running: state, momentum, runningVariance })
      return { y, state: running }
    }
    return (model: AnyModel): AnyModel => {
      const features = featuresOf("batchNorm", model)
      const params = affine(features, options)
      const layer: Layer<Affine, Statistics> = {
        name,
        kind: "BatchNorm",
        outputShape: model.outputShape,
        random: false,
        layers: [],
        init: (key) => ({ params: params(key), state: { mean: T.zeros([features]), variance: T.ones([features]) } }),
        apply
      }
      return append(model, layer)
    }
  }
)
