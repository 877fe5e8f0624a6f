/** Transformer blocks, made of the layers before. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  Key,
  operations,
  type Over,
  type Shape,
  ShapeError,
  type Times
} from "@cotangent/graph"
import type { Attention } from "../attention/multi-head.ts"
import type { Activation } from "./activation.ts"
import { multiHeadAttention } from "./attention.ts"
import { emptyLike } from "./block.ts"
import { type Dense, dense } from "./dense.ts"
import { dropout } from "./dropout.ts"
import { type NeedsPositions, positionsOf, type WaveOptions } from "./embedding.ts"
import type { Channels } from "./features.ts"
import { type Layer, type Mode, nothing, type Sizes } from "./layer.ts"
import { belowOne, checkOptions, count, positive } from "./layer-options.ts"
import { type AnyModel, append, type Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import { layerNorm, type Norm } from "./normalization.ts"

/** Options of transformer blocks; the names and defaults are those of Keras Hub. */
export interface TransformerOptions<F extends number = number, H extends number = number> {
  /** The features between the two dense layers. */
  readonly intermediateDim: F
  /** The heads of attention; they divide the features. */
  readonly numHeads: H
  /** The rate of dropout after attention and after the dense layers; 0 unless given. */
  readonly dropout?: number
  /** Between the two dense layers; relu unless given. */
  readonly activation?: Activation
  /** 1e-5 unless given. */
  readonly layerNormEpsilon?: number
  /**
   * Whether layers normalise before attention and dense layers (`x + f(norm x)`), or after them (`norm(x + f x)`, as in the
   * paper and unless given).
   */
  readonly normalizeFirst?: boolean
  /** Turns queries and keys by their positions; see `Model.rotary`. */
  readonly rotary?: boolean | WaveOptions
}

/** The parameters of a transformer block over D features: what it normalises, how it attends, its dense layers. */
export type Transformer<D extends number, QK extends number, F extends number> = {
  readonly attentionNorm: Norm<D>
  readonly attention: Attention<D, D, QK, QK, D>
  readonly denseNorm: Norm<D>
  readonly inner: Dense<D, F>
  readonly outer: Dense<F, D>
}

type Last<O extends Shape> = Channels<O> & number
// All heads together have as many features as the input, rounded down to a multiple of their number.
type Heads<D extends Dim, H extends number> = Times<H, FloorDivided<D, H>> & number
type FloorDivided<D extends Dim, H extends number> = [Over<D, H>] extends [never] ? number : Over<D, H>

/** What a transformer block does to a model. */
export interface TransformerLayer<Op extends string, L extends string, F extends number, H extends number> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<NeedsPositions<Op, O>> & Fresh<P, L>
  ): Model<I, O, Put<P, L, Transformer<Last<O>, Heads<Last<O>, H>, F>>, S>
}

/** A layer whose types are forgotten: the parts are put together from models whose shapes are known at run time. */
type AnyLayerFace = (model: AnyModel) => AnyModel
const chain = (start: AnyModel, layers: ReadonlyArray<unknown>): AnyModel =>
  // Only layers are given.
  layers.reduce<AnyModel>((model, layer) => (layer as AnyLayerFace)(model), start)

/** The four parts of a block, each a model of the block's shape, with names that do not clash. */
interface Parts {
  readonly attentionNorm: AnyModel
  readonly attend: AnyModel
  readonly denseNorm: AnyModel
  readonly think: AnyModel
}

const layerOf = (
  name: string,
  kind: string,
  outputShape: Sizes,
  { attentionNorm, attend, denseNorm, think }: Parts,
  normalizeFirst: boolean
): Layer => {
  const parts = [attentionNorm, attend, denseNorm, think]
  const applied = normalizeFirst ? parts : [attend, attentionNorm, think, denseNorm]
  const before = (part: number): number => applied.slice(0, part).reduce((sum, { layers }) => sum + layers.length, 0)
  // Around a norm and what follows it, or around what a norm follows.
  const bypasses = [0, 2].map((part) => ({
    from: before(part),
    to: before(normalizeFirst ? part + 2 : part + 1),
    join: "+"
  }))
  return {
    name,
    kind,
    outputShape,
    random: parts.some(({ layers }) => layers.some(({ random }) => random)),
    layers: applied.flatMap(({ layers }) => layers),
    wiring: { form: "series", bypasses },
    init: (key) => ({
      params: Object.fromEntries(parts.flatMap(({ init }, i) => Object.entries(init(Key.fold(key, i)).params))),
      state: nothing
    }),
    apply: (params, state, x, mode) => {
      const run = (part: AnyModel, y: AnyTensor): AnyTensor => {
        const at = parts.indexOf(part)
        const own: Mode = mode.mode === "train" ? { mode: "train", key: Key.fold(mode.key, at) } : mode
        return part.apply(params, nothing, y, own).y
      }
      const around = (norm: AnyModel, part: AnyModel, y: AnyTensor): AnyTensor =>
        normalizeFirst ? operations.add(y, run(part, run(norm, y))) : run(norm, operations.add(y, run(part, y)))
      return { y: around(denseNorm, think, around(attentionNorm, attend, x)), state }
    }
  }
}

const transformer = <Op extends string>(
  operation: Op,
  kind: string,
  causal: boolean
): (<L extends string, F extends number, H extends number>(
  name: L,
  options: TransformerOptions<F, H>
) => TransformerLayer<Op, L, F, H>) =>
  face(1, (name: string, options: TransformerOptions) => {
    const { intermediateDim, numHeads, dropout: rate = 0, activation = "relu", rotary = false } = options
    const { layerNormEpsilon: epsilon = 1e-5, normalizeFirst = false } = options
    checkOptions(
      operation,
      count("intermediateDim", intermediateDim),
      count("numHeads", numHeads),
      belowOne("dropout", rate),
      positive("layerNormEpsilon", epsilon)
    )
    return (model: AnyModel): AnyModel => {
      const { features } = positionsOf(operation, model)
      const keyDim = Math.floor(features / numHeads)
      if (keyDim < 1)
        throw new ShapeError(`${operation}: ${numHeads} heads need as many features, there are ${features}`)
      const drops = rate === 0 ? [] : [dropout(rate)]
      const part = (...layers: ReadonlyArray<unknown>): AnyModel => chain(emptyLike(model), layers)
      const parts: Parts = {
        attentionNorm: part(layerNorm("attentionNorm", { epsilon })),
        attend: part(multiHeadAttention("attention", numHeads, keyDim, { causal, rotary, dropout: rate }), ...drops),
        denseNorm: part(layerNorm("denseNorm", { epsilon })),
        think: part(dense("inner", intermediateDim, { activation }), dense("outer", features), ...drops)
      }
      return append(model, layerOf(name, kind, model.outputShape, parts, normalizeFirst))
    }
  })

/**
 * A transformer block whose positions see all others: `[batch, length, D]` to the same.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([12]),
 *   Model.embedding("tokens", 100, 16),
 *   Model.sinusoidalPositions(),
 *   Model.transformerEncoder("first", { intermediateDim: 64, numHeads: 2 }),
 *   Model.globalAvgPool(),
 *   Model.dense("label", 2)
 * )
 * ```
 *
 * Keras Hub's `TransformerEncoder`. Throws ShapeError unless samples are `[..., length, features]` with a feature for each
 * head, OptionError for options out of range, ModelError for a name that is taken. Vaswani and others 2017; normalising
 * first: Xiong and others 2020.
 */
export const transformerEncoder = transformer("transformerEncoder", "TransformerEncoder", false)

/**
 * A transformer block whose positions see themselves and those before them, for predicting what comes next. Keras Hub's
 * `TransformerDecoder` without an encoder. See `transformerEncoder`.
 */
export const transformerDecoder = transformer("transformerDecoder", "TransformerDecoder", true)
