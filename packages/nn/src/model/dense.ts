/** The fully connected layer. */
import { type AnyTensor, type Dim, face, Key, type Shape, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { glorotUniform, type Initializer, zeros } from "../initializer.ts"
import { penaltyOf, type Regularizer } from "../regularizer.ts"
import { type Activation, activationFunction, activationName } from "./activation.ts"
import { parameterLayer } from "./layer.ts"
import { type AnyModel, append, featuresOf, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"

// Leaf types are aliases, not interfaces: an interface has no index signature, so it would not be a Tree.

/** The parameters of a dense layer from K to N features. */
export type Dense<K extends number, N extends number> = {
  readonly kernel: Tensor<[K, N]>
  readonly bias: Tensor<[N]>
}

/** The parameters of a dense layer made with `useBias: false`. */
export type DenseKernel<K extends number, N extends number> = {
  readonly kernel: Tensor<[K, N]>
}

/** Options of a dense layer; the defaults are those of Keras. */
export interface DenseOptions<B extends boolean = boolean> {
  /** Applied to the result; linear unless given. */
  readonly activation?: Activation
  /** `glorotUniform` unless given. */
  readonly kernelInitializer?: Initializer
  /** `zeros` unless given. */
  readonly biasInitializer?: Initializer
  /** Whether there is a bias; true unless given. */
  readonly useBias?: B
  /** Added to the loss. */
  readonly kernelRegularizer?: Regularizer
  /** Added to the loss. */
  readonly biasRegularizer?: Regularizer
}

/** The guard of a layer on the last axis: there must be one before it, the batch; else the sentence of layer `Op`. */
export type NeedsFeatures<Op extends string, Lead extends Shape> = Lead extends readonly []
  ? `${Op}: needs [batch, ..., features], got [batch]`
  : unknown

/** The shape with N features in place of K; a shape without features (the sentence stands on the argument) gets them. */
export type WithFeatures<Lead extends Shape, K extends Dim, N extends Dim> = Lead extends readonly []
  ? [K, N]
  : [...Lead, N]

/** The guard of a number of units: a literal must be a whole number above 0. */
export type Units<N extends number> = number extends N
  ? unknown
  : `${N}` extends "0" | `-${string}` | `${string}.${string}`
    ? `dense: the number of units must be a whole number above 0, got ${N}`
    : unknown

/** What a dense layer does to a model. Lead and K are inferred, not computed, so that blocks can be generic in them. */
export interface DenseLayer<L extends string, N extends number, B extends boolean> {
  <I extends Shape, Lead extends Shape, K extends Dim, P, S>(
    model: Model<I, [...Lead, K], P, S> & NeedsFeatures<"dense", Lead> & Units<N> & Fresh<P, L>
  ): Model<
    I,
    WithFeatures<Lead, K, N>,
    Put<P, L, B extends true ? Dense<K & number, N> : DenseKernel<K & number, N>>,
    S
  >
}

/**
 * A fully connected layer on the last axis: `y = activation(x kernel + bias)`, `kernel: [K, N]`, `bias: [N]`.
 *
 * `Model.dense("hidden", 64, { activation: "relu" })` makes `[batch, ..., K]` into `[batch, ..., 64]`. Throws ShapeError
 * on samples without an axis, OptionError unless `units` is a whole number above 0, ModelError for a name that is taken.
 */
export const dense: <L extends string, N extends number, B extends boolean = true>(
  name: L,
  units: N,
  options?: DenseOptions<B>
) => DenseLayer<L, N, B> = face(1, (name: string, units: number, options: DenseOptions = {}) => {
  if (!Number.isInteger(units) || units < 1)
    throw optionError("dense: the number of units", "a whole number above 0", units)
  const { activation = "linear", kernelInitializer = glorotUniform, biasInitializer = zeros, useBias = true } = options
  const f = activationFunction(activation)
  const kind = activation === "linear" ? "Dense" : `Dense ${activationName(activation)}`
  const init = (features: number) => (key: Key.Key) => {
    const kernel = kernelInitializer.draw(Key.fold(key, 0), [features, units])
    return useBias ? { kernel, bias: biasInitializer.draw(Key.fold(key, 1), [units]) } : { kernel }
  }
  const apply = (
    { kernel, bias }: { readonly kernel: Tensor<Shape>; readonly bias?: Tensor<Shape> },
    x: AnyTensor
  ): AnyTensor => {
    // Models hold f32.
    const product = T.matmul(x as Tensor<Shape>, kernel)
    return f(bias === undefined ? product : T.add(product, bias))
  }
  const penalty = penaltyOf({ kernel: options.kernelRegularizer, bias: options.biasRegularizer })
  return (model: AnyModel): AnyModel => {
    const shape = [...model.outputShape.slice(0, -1), units]
    const features = featuresOf("dense", model)
    return append(model, parameterLayer(name, kind, shape, init(features), apply, false, penalty))
  }
})
