/** Activations: layers without parameters, and the table of their names. */
import { type AnyTensor, face, type Key, operations, type Shape, T, type Tensor } from "@cotangent/graph"
import { ModelError } from "../errors.ts"
import { type Initializer, zeros } from "../initializer.ts"
import { parameterLayer, pureLayer } from "./layer.ts"
import { type AnyModel, append, featuresOf, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"

/** A function of a whole batch that keeps its shape. */
export type ActivationFunction = <S extends Shape>(x: Tensor<S>) => Tensor<S>

/** `(x + sqrt(x^2 + 4)) / 2`. Barron 2021. */
const squareplus: ActivationFunction = <S extends Shape>(x: Tensor<S>) =>
  // Elementwise: the shape stays.
  operations.mul(operations.add(x, operations.sqrt(operations.add(operations.mul(x, x), 4))), 0.5) as Tensor<S>

/**
 * The activations by name, Keras's names in camel case; their equations stand at the operations of the same names in `T`.
 * `gelu` is exact, as Keras's is unless told to approximate (`geluTanh`); the slope of `leakyRelu` is 0.2, that of Keras's
 * function; `exponential` is `e^x`; `hardSilu` is Keras's `hard_swish` too; `squareplus` is `(x + sqrt(x^2 + 4)) / 2`.
 */
export const activations = {
  linear: (x) => x,
  relu: T.relu,
  tanh: T.tanh,
  sigmoid: T.sigmoid,
  softplus: T.softplus,
  silu: T.silu,
  gelu: T.gelu,
  geluTanh: T.geluTanh,
  softmax: T.softmax(),
  logSoftmax: T.logSoftmax(),
  elu: T.elu(),
  selu: T.selu,
  celu: T.celu(),
  relu6: T.relu6,
  leakyRelu: T.leakyRelu({ negativeSlope: 0.2 }),
  exponential: T.exp,
  mish: T.mish,
  softsign: T.softsign,
  logSigmoid: T.logSigmoid,
  hardSigmoid: T.hardsigmoid,
  hardSilu: T.hardswish,
  hardTanh: T.hardtanh(),
  hardShrink: T.hardshrink(),
  softShrink: T.softshrink(),
  tanhShrink: T.tanhshrink,
  squareplus
} satisfies Readonly<Record<string, ActivationFunction>>

/** The name of an activation. */
export type ActivationName = keyof typeof activations

/** An activation: a name, or a function that keeps the shape. */
export type Activation = ActivationName | ActivationFunction

/** Activations over the last axis, which therefore must not be the batch. */
type OverFeatures = "softmax" | "logSoftmax"
const overFeatures: ReadonlySet<unknown> = new Set<OverFeatures>(["softmax", "logSoftmax"])

/** The guard of an activation: `unknown`, or the sentence. */
export type ActivationRule<A extends Activation, O extends Shape> = A extends OverFeatures
  ? O extends readonly [unknown]
    ? `${A}: needs [batch, ..., features], got [batch]`
    : unknown
  : unknown

const isName = (activation: Activation): activation is ActivationName => typeof activation === "string"

/** The function of an activation. Throws ModelError for a name that is not in the table. */
export const activationFunction = (activation: Activation): ActivationFunction => {
  if (!isName(activation)) return activation
  if (!Object.hasOwn(activations, activation)) {
    throw new ModelError(
      `activation: there is no "${String(activation)}"; the names are ${Object.keys(activations).join(", ")}`
    )
  }
  return activations[activation]
}

/** The name of an activation, for people. */
export const activationName = (activation: Activation): string =>
  isName(activation) ? activation : activation.name || "function"

/** What an activation does to a model. */
export interface ActivationLayer<A extends Activation> {
  <I extends Shape, O extends Shape, P, S>(model: Model<I, O, P, S> & ActivationRule<A, O>): Model<I, O, P, S>
}

/**
 * An activation as a layer: `y = f(x)`, element by element, or over the last axis for softmax and logSoftmax.
 * `Model.activation("gelu")`, `Model.activation((x) => ...)`.
 */
export const activation: <A extends Activation>(activation: A) => ActivationLayer<A> = face(
  1,
  (activation: Activation) => {
    const f = activationFunction(activation)
    return (model: AnyModel): AnyModel => {
      if (overFeatures.has(activation)) featuresOf(activationName(activation), model)
      return append(model, pureLayer(`Activation ${activationName(activation)}`, model.outputShape, onBatch(f)))
    }
  }
)

/** An activation on tensors whose shapes the types do not know. Models hold f32, so the element type is. */
const onBatch =
  (f: ActivationFunction) =>
  (x: AnyTensor): AnyTensor =>
    f(x as Tensor<Shape>)

/** `max(x, 0)`. */
export const relu = activation("relu")
/** The hyperbolic tangent. */
export const tanh = activation("tanh")
/** `1 / (1 + e^-x)`. */
export const sigmoid = activation("sigmoid")
/** `ln(1 + e^x)`. */
export const softplus = activation("softplus")
/** `x sigmoid(x)`. */
export const silu = activation("silu")
/** `x Phi(x)`, exact. */
export const gelu = activation("gelu")
/** `e^x_i / sum_j e^x_j` over the last axis. */
export const softmax = activation("softmax")
/** `x_i - ln sum_j e^x_j` over the last axis. */
export const logSoftmax = activation("logSoftmax")

/** The parameters of prelu for samples of shape `S`. */
export type Slopes<S extends Shape> = { readonly alpha: Tensor<S> }

/** What prelu does to a model. */
export interface PreluLayer<L extends string> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Fresh<P, L>
  ): Model<I, O, Put<P, L, Slopes<O extends readonly [unknown, ...infer R extends Shape] ? R : Shape>>, S>
}

/**
 * `x` above 0, else `alpha x` with a learned slope for each element of a sample, 0 at first. Keras's `PReLU`. He, Zhang, Ren,
 * Sun 2015. Throws ModelError for a name that is taken.
 */
export const prelu: <L extends string>(
  name: L,
  options?: { readonly alphaInitializer?: Initializer }
) => PreluLayer<L> = face(
  1,
  (name: string, { alphaInitializer = zeros }: { readonly alphaInitializer?: Initializer } = {}) =>
    (model: AnyModel): AnyModel => {
      const init = (key: Key.Key) => ({ alpha: alphaInitializer.draw(key, model.outputShape) })
      const apply = ({ alpha }: { readonly alpha: AnyTensor }, x: AnyTensor): AnyTensor =>
        operations.select(operations.lt(operations.full([], 0, x.dtype), x), x, operations.mul(x, alpha))
      return append(model, parameterLayer(name, "Prelu", model.outputShape, init, apply))
    }
)
