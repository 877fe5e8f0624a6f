/** Embedding layers: learned vectors for whole numbers, and for positions. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Float,
  type Guard,
  Key,
  type Mismatch,
  operations as ops,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  T,
  type Tensor
} from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { glorotUniform, type Initializer, uniform } from "../initializer.ts"
import { penaltyOf, type Regularizer } from "../regularizer.ts"
import { pureLayer } from "./layer.ts"
import { checkOptions, count, must, type Problems } from "./layer-options.ts"
import { type AnyModel, append, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import { appendWithParameters } from "./probe.ts"

/** The parameters of an embedding of N numbers by D features. */
export type Embedding<N extends number, D extends number> = { readonly embeddings: Tensor<[N, D]> }

/** Options of embedding; the names and defaults are those of Keras. */
export interface EmbeddingOptions {
  /** Uniform between -0.05 and 0.05 unless given. */
  readonly embeddingsInitializer?: Initializer
  /** Added to the loss. */
  readonly embeddingsRegularizer?: Regularizer
  /** The number whose vector stays as it is: PyTorch's `padding_idx`. */
  readonly paddingIndex?: number
}

/** What an embedding does to a model. */
export interface EmbeddingLayer<L extends string, N extends number, D extends number> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Fresh<P, L>
  ): Model<I, number extends O["length"] ? Shape : [...O, D], Put<P, L, Embedding<N, D>>, S>
}

/** As in PyTorch a negative number counts from the end. */
const paddingProblems = (paddingIndex: number | undefined, inputDim: number): Problems =>
  paddingIndex === undefined || !(inputDim > 0)
    ? []
    : must(
        Number.isInteger(paddingIndex) && paddingIndex >= -inputDim && paddingIndex < inputDim,
        "paddingIndex",
        `a whole number from ${-inputDim} to ${inputDim - 1}`,
        paddingIndex
      )

/**
 * A learned vector of `outputDim` features for each of `inputDim` whole numbers: `[batch, ...]` to `[batch, ..., outputDim]`.
 *
 * The input holds the numbers as floats, which are exact up to 16,777,216, and is cast, as Keras does; a number out of
 * range takes the nearest row.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([12]), Model.embedding("tokens", 1000, 16)) // [batch, 12, 16]
 * ```
 *
 * Throws OptionError unless both sizes are whole numbers above 0, ModelError for a name that is taken.
 */
export const embedding: <L extends string, N extends number, D extends number>(
  name: L,
  inputDim: N,
  outputDim: D,
  options?: EmbeddingOptions
) => EmbeddingLayer<L, N, D> = face(
  1,
  (name: string, inputDim: number, outputDim: number, options: EmbeddingOptions = {}) => {
    const { embeddingsInitializer = uniform(), paddingIndex } = options
    const sizes = [...count("inputDim", inputDim), ...count("outputDim", outputDim)]
    checkOptions("embedding", sizes, paddingProblems(paddingIndex, inputDim))
    const penalty = penaltyOf({ embeddings: options.embeddingsRegularizer })
    return (model: AnyModel): AnyModel =>
      appendWithParameters<{ readonly embeddings: AnyTensor }>(model, "embedding", {
        name,
        kind: `Embedding ${inputDim}`,
        init: (key) => ({ embeddings: embeddingsInitializer.draw(key, [inputDim, outputDim]) }),
        apply: ({ embeddings }, x) =>
          T.embedding(
            // Tables hold floats.
            embeddings as Tensor<Shape>,
            T.cast(x, "i32"),
            paddingIndex === undefined ? {} : { paddingIndex }
          ),
        penalty: penalty && (({ embeddings }) => penalty({ embeddings }))
      })
  }
)

/** The guard of layers over positions: `[batch, ..., length, features]`, or the sentence. */
export type NeedsPositions<Op extends string, O extends Shape> = number extends O["length"]
  ? unknown
  : O extends readonly [Dim, ...Shape, Dim, Dim]
    ? unknown
    : Mismatch<`${Op}: needs [batch, ..., length, features], got ${Show<O>}`>

/** Length and features of a model's samples. Throws ShapeError, with the sentence of `NeedsPositions`. */
export const positionsOf = (
  operation: string,
  { outputShape }: AnyModel
): { readonly length: number; readonly features: number } => {
  const [length, features] = outputShape.slice(-2)
  if (length === undefined || features === undefined)
    throw new ShapeError(
      `${operation}: needs [batch, ..., length, features], got ${showShape(["batch", ...outputShape])}`
    )
  return { length, features }
}

type LastTwo<O extends Shape> = O extends readonly [...Shape, infer N extends Dim, infer D extends Dim]
  ? readonly [N, D]
  : readonly [number, number]

/** What learned positions do to a model. */
export interface PositionsLayer<L extends string> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<NeedsPositions<"learnedPositions", O>> & Fresh<P, L>
  ): Model<I, O, Put<P, L, Embedding<LastTwo<O>[0] & number, LastTwo<O>[1] & number>>, S>
}

/**
 * Adds a learned vector to every position: `y[..., t, :] = x[..., t, :] + embeddings[t, :]`. Keras Hub's
 * `PositionEmbedding`, with its `glorotUniform`.
 *
 * Throws ShapeError unless samples are `[..., length, features]`, ModelError for a name that is taken.
 */
export const learnedPositions: <L extends string>(
  name: L,
  options?: Pick<EmbeddingOptions, "embeddingsInitializer" | "embeddingsRegularizer">
) => PositionsLayer<L> = face(
  1,
  (name: string, { embeddingsInitializer = glorotUniform, embeddingsRegularizer }: EmbeddingOptions = {}) =>
    (model: AnyModel): AnyModel => {
      const { length, features } = positionsOf("learnedPositions", model)
      const penalty = penaltyOf({ embeddings: embeddingsRegularizer })
      return appendWithParameters<{ readonly embeddings: AnyTensor }>(model, "learnedPositions", {
        name,
        kind: "Positions learned",
        init: (key) => ({ embeddings: embeddingsInitializer.draw(Key.fold(key, 0), [length, features]) }),
        apply: ({ embeddings }, x) => ops.add(x, embeddings),
        penalty: penalty && (({ embeddings }) => penalty({ embeddings }))
      })
    }
)

/** Options of encodings of positions by waves. */
export interface WaveOptions {
  /** The length of the longest wave over 2 pi; 10,000 unless given. */
  readonly maxWavelength?: number
}

const checkWavelength = (operation: string, maxWavelength = 10_000): number => {
  if (!(maxWavelength > 0 && Number.isFinite(maxWavelength)))
    throw optionError(`${operation}: maxWavelength`, "a positive number", maxWavelength)
  return maxWavelength
}

/** `t maxWavelength^(-2 i / features)` for positions t and waves i, `[length, waves]`, computed in f64. */
const angles = (length: number, waves: number, features: number, maxWavelength: number): AnyTensor => {
  const t = ops.iota([length, waves], 0, "f64")
  const i = ops.iota([waves], 0, "f64")
  const logarithm = ops.log(ops.full([], maxWavelength, "f64"))
  return ops.mul(t, ops.exp(ops.mul(i, ops.mul(logarithm, -2 / features))))
}

/** What an encoding of positions without parameters does to a model. */
export interface WavesLayer {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<NeedsPositions<"sinusoidalPositions", O>>
  ): Model<I, O, P, S>
}

/**
 * Adds waves of different lengths to every position: `y[..., t, 2 i] = x + sin a`, `y[..., t, 2 i + 1] = x + cos a`, with
 * `a = t maxWavelength^(-2 i / features)`. Keras Hub's `SinePositionEncoding`. Vaswani and others 2017, section 3.5.
 *
 * Throws ShapeError unless samples are `[..., length, features]`, OptionError unless `maxWavelength > 0`.
 */
export const sinusoidalPositions: (options?: WaveOptions) => WavesLayer = face(1, (options: WaveOptions = {}) => {
  const maxWavelength = checkWavelength("sinusoidalPositions", options.maxWavelength)
  return (model: AnyModel): AnyModel => {
    const { length, features } = positionsOf("sinusoidalPositions", model)
    const waves = Math.ceil(features / 2)
    const at = (): AnyTensor => {
      const a = angles(length, waves, features, maxWavelength)
      const pair = [ops.sin(a), ops.cos(a)].map((x) => ops.reshape(x, [length, waves, 1]))
      const all = ops.reshape(ops.concat(pair, 2), [length, 2 * waves])
      return ops.slice(all, { start: [0, 0], limit: [length, features], step: [1, 1] })
    }
    return append(
      model,
      pureLayer("Positions sinusoidal", model.outputShape, (x) => ops.add(x, ops.cast(at(), x.dtype)))
    )
  }
})

/**
 * Turns the features of every position by angles that grow with it, so that the product of two turned vectors depends on
 * their distance only: with halves `[u, v]` of the features and `a = t maxWavelength^(-2 i / features)`,
 * `y = [u cos a - v sin a, v cos a + u sin a]`. For queries and keys `[..., length, features]`; see the option `rotary` of
 * `Model.multiHeadAttention`.
 *
 * ```ts
 * const turned = Model.rotary(T.ones([2, 8, 5, 16]))
 * ```
 *
 * The halves stand behind each other, as in Keras Hub's `RotaryEmbedding` and LLaMA (the paper interleaves them). Throws
 * ShapeError unless the features are even. Su and others 2021.
 */
export const rotary: <S extends Shape, D extends Float>(x: Tensor<S, D>, options?: WaveOptions) => Tensor<S, D> = face(
  1,
  (x: AnyTensor, options: WaveOptions = {}) => {
    const maxWavelength = checkWavelength("rotary", options.maxWavelength)
    const [length, features] = x.shape.slice(-2)
    if (length === undefined || features === undefined || features % 2 !== 0)
      throw new ShapeError(
        `rotary: needs [..., length, features] with an even number of features, got ${showShape(x.shape)}`
      )
    const half = features / 2
    const a = angles(length, half, features, maxWavelength)
    const [cos, sin] = [ops.cast(ops.cos(a), x.dtype), ops.cast(ops.sin(a), x.dtype)]
    const lead = x.shape.slice(0, -1)
    const part = (from: number): AnyTensor =>
      ops.slice(x, {
        start: [...lead.map(() => 0), from],
        limit: [...lead, from + half],
        step: x.shape.map(() => 1)
      })
    const [u, v] = [part(0), part(half)]
    return ops.concat(
      [ops.sub(ops.mul(u, cos), ops.mul(v, sin)), ops.add(ops.mul(v, cos), ops.mul(u, sin))],
      x.shape.length - 1
    )
  }
)
