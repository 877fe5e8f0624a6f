/** Self-attention as a layer. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  operations,
  type Shape,
  type Tensor,
  type Times
} from "@cotangent/graph"
import { type AnyAttention, type Attention, init, multiHead } from "../attention/multi-head.ts"
import type { Initializer } from "../initializer.ts"
import type { Regularizer } from "../regularizer.ts"
import { type NeedsPositions, positionsOf, type WaveOptions } from "./embedding.ts"
import type { Channels } from "./features.ts"
import { belowOne, checkOptions, count } from "./layer-options.ts"
import type { AnyModel, Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import { appendWithParameters } from "./probe.ts"

/** Options of multiHeadAttention; the names and defaults are those of Keras. */
export interface MultiHeadAttentionOptions<
  V extends number = number,
  Out extends number = number,
  B extends boolean = boolean
> {
  /** The features of a value in each head; `keyDim` unless given. */
  readonly valueDim?: V
  /** The features that come out; those of the input unless given. Keras's `output_shape`. */
  readonly outputDim?: Out
  /** Whether a position attends to itself and those before it only; false unless given. Keras's `use_causal_mask`. */
  readonly causal?: boolean
  /** Turns queries and keys by their positions; see `Model.rotary`. */
  readonly rotary?: boolean | WaveOptions
  /** Drops weights with this probability in train mode; 0 unless given. */
  readonly dropout?: number
  /** True unless given. */
  readonly useBias?: B
  /** `glorotUniform` unless given. */
  readonly kernelInitializer?: Initializer
  /** `zeros` unless given. */
  readonly biasInitializer?: Initializer
  /** Of all four kernels. */
  readonly kernelRegularizer?: Regularizer
}

/** What self-attention does to a model. `Out` is 0 when the features stay. */
export interface AttentionLayer<
  L extends string,
  H extends number,
  K extends number,
  V extends number,
  Out extends number,
  B extends boolean
> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<NeedsPositions<"multiHeadAttention", O>> & Fresh<P, L>
  ): Model<
    I,
    WithLast<O, Out>,
    Put<P, L, Attention<Last<O>, Last<O>, Size<Times<H, K>>, Size<Times<H, V>>, OutOf<O, Out>, B>>,
    S
  >
}
type Size<A> = A extends number ? A : number
type Last<O extends Shape> = Size<Channels<O>>
type OutOf<O extends Shape, Out extends number> = Out extends 0 ? Last<O> : Out
type WithLast<O extends Shape, Out extends number> = Out extends 0
  ? O
  : O extends readonly [...infer Lead extends Shape, Dim]
    ? [...Lead, Out]
    : Shape

/**
 * Attention of several heads of a sequence to itself: `[batch, length, D]` to `[batch, length, D]`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([12, 16]), Model.multiHeadAttention("attend", 2, 8, { causal: true }))
 * ```
 *
 * Parameters are `query`, `key`, `value` and `output`, each a kernel and a bias. For masks and for attention to another
 * sequence there is the function, `Attention.multiHead`. Keras's `MultiHeadAttention(num_heads, key_dim)`. Throws ShapeError
 * unless samples are `[..., length, features]`, OptionError for sizes that are no whole numbers above 0 or a rate outside
 * [0, 1), ModelError for a name that is taken. Vaswani and others 2017, section 3.2.2.
 */
export const multiHeadAttention: <
  L extends string,
  H extends number,
  K extends number,
  V extends number = K,
  Out extends number = 0,
  B extends boolean = true
>(
  name: L,
  numHeads: H,
  keyDim: K,
  options?: MultiHeadAttentionOptions<V, Out, B>
) => AttentionLayer<L, H, K, V, Out, B> = face(
  1,
  (name: string, numHeads: number, keyDim: number, options: MultiHeadAttentionOptions = {}) => {
    const { causal = false, dropout = 0, rotary = false, kernelRegularizer, ...sizes } = options
    const dims = { numHeads, keyDim, valueDim: options.valueDim, outputDim: options.outputDim }
    checkOptions(
      "multiHeadAttention",
      ...Object.entries(dims).map(([size, n]) => (n === undefined ? [] : count(size, n))),
      belowOne("dropout", dropout)
    )
    return (model: AnyModel): AnyModel => {
      const { features } = positionsOf("multiHeadAttention", model)
      return appendWithParameters<AnyAttention>(model, "multiHeadAttention", {
        name,
        kind: `Attention ${numHeads} heads`,
        random: dropout > 0,
        init: (key) => init(key, { ...sizes, queryDim: features, numHeads, keyDim }),
        apply: (params, x, mode): AnyTensor =>
          // Models hold f32.
          multiHead(params, x as Tensor<Shape>, x as Tensor<Shape>, {
            numHeads,
            causal,
            rotary,
            ...(mode.mode === "train" && dropout > 0 ? { dropout: { rate: dropout, key: mode.key } } : {})
          }),
        penalty:
          kernelRegularizer === undefined
            ? undefined
            : ({ query, key, value, output }) =>
                [query, key, value, output]
                  .map(({ kernel }): AnyTensor => kernelRegularizer.cost(kernel))
                  .reduce((sum, cost) => operations.add(sum, cost))
      })
    }
  }
)
