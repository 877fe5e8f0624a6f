/** Attention of several heads as a function: for sequences that look at themselves or at others, with any mask. */
import {
  type AnyTensor,
  Axes,
  type Dim,
  type DType,
  face,
  Key,
  operations as ops,
  type Shape,
  ShapeError,
  showShape,
  T,
  type Tensor,
  type Times
} from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { glorotUniform, type Initializer, zeros } from "../initializer.ts"
import type { Dense, DenseKernel } from "../model/dense.ts"
import { rotary, type WaveOptions } from "../model/embedding.ts"

/** A product with or without a bias. */
export type Projection<K extends number, N extends number, B extends boolean> = B extends true
  ? Dense<K, N>
  : DenseKernel<K, N>

/**
 * The parameters of attention: queries, keys and values are projected to the heads side by side (head h has the columns
 * `h depth` to `(h + 1) depth - 1`), and what the heads give is projected to `Out` features.
 */
export type Attention<
  Q extends number,
  M extends number,
  QK extends number,
  V extends number,
  Out extends number,
  B extends boolean = true
> = {
  readonly query: Projection<Q, QK, B>
  readonly key: Projection<M, QK, B>
  readonly value: Projection<M, V, B>
  readonly output: Projection<V, Out, B>
}

/** Any parameters of attention. */
export interface AnyAttention {
  readonly query: AnyProjection
  readonly key: AnyProjection
  readonly value: AnyProjection
  readonly output: AnyProjection
}
type AnyProjection = { readonly kernel: AnyTensor; readonly bias?: AnyTensor }

/** How attention runs. */
export interface MultiHeadOptions {
  /** The heads, whose number divides the projected features. */
  readonly numHeads: number
  /** Whether query i attends to the keys 0 to i only; false unless given. */
  readonly causal?: boolean
  /**
   * Which keys a query may attend to, bool, or floats added to the scores: `[..., numHeads, queries, keys]`, or what broadcasts
   * to it, such as `[batch, 1, 1, keys]` for sequences with padding.
   */
  readonly mask?: AnyTensor
  /** Turns queries and keys by their positions; see `Model.rotary`. */
  readonly rotary?: boolean | WaveOptions
  /** Drops weights with this probability; equal keys drop the same. */
  readonly dropout?: { readonly rate: number; readonly key: Key.Key }
}

/** The shape of what attention gives to queries of shape `Q`. */
export type AttentionOutput<Q extends Shape, P extends AnyAttention> = Q extends readonly [
  ...infer L extends Shape,
  Dim,
  Dim
]
  ? P["output"]["kernel"] extends Tensor<readonly [Dim, infer N extends Dim], DType>
    ? Q extends readonly [...L, infer Q2 extends Dim, Dim]
      ? [...L, Q2, N]
      : Shape
    : Shape
  : Shape

const project = (x: AnyTensor, { kernel, bias }: AnyProjection): AnyTensor => {
  const y = ops.dot(x, kernel, { batch: [[], []], contract: [[x.shape.length - 1], [0]] })
  return bias === undefined ? y : ops.add(y, bias)
}

/**
 * `output(concat_h(attention(query(x)_h, key(m)_h, value(m)_h)))` for queries x `[..., n, q]` and a memory m `[..., k, d]`:
 * `[..., n, out]`. With m = x it is self-attention; the memory of a decoder is the output of its encoder.
 *
 * ```ts
 * const params = Attention.init(RandomKey.key(0), { queryDim: 16, memoryDim: 12, numHeads: 2, keyDim: 8 })
 * const [x, memory] = [T.ones([3, 5, 16]), T.ones([3, 7, 12])]
 * const seen = T.ones([3, 1, 1, 7], "bool")
 * const y = Attention.multiHead(params, x, memory, { numHeads: 2, mask: seen }) // Tensor<[3, 5, 16]>
 * ```
 *
 * Keras's `MultiHeadAttention`, whose kernels `[features, heads, depth]` are these reshaped. Throws ShapeError and
 * DTypeError when the operands do not fit. Vaswani and others 2017, section 3.2.2.
 */
export const multiHead: <P extends AnyAttention, Q extends Shape, D extends DType, M extends Shape, E extends D>(
  params: P,
  queries: Tensor<Q, D>,
  memory: Tensor<M, E>,
  options: MultiHeadOptions
) => Tensor<AttentionOutput<Q, P>, D> = face(
  1,
  (params: AnyAttention, x: AnyTensor, memory: AnyTensor, options: MultiHeadOptions) => {
    const { numHeads, causal = false, mask, dropout } = options
    const given: ReadonlyArray<readonly [string, AnyTensor, AnyTensor]> = [
      ["queries", x, params.query.kernel],
      ["memory", memory, params.key.kernel]
    ]
    for (const [what, { shape }, { shape: kernel }] of given) {
      if (shape.length < 2 || shape.at(-1) !== kernel[0])
        throw new ShapeError(
          `multiHeadAttention: ${what} must be [..., length, ${String(kernel[0])}], got ${showShape(shape)}`
        )
    }
    const turn = turnOf(options.rotary)
    // The sizes of heads are known at run time only.
    const heads = (y: AnyTensor, own: AnyProjection): Tensor<Shape> =>
      T.splitHeads(project(y, own) as Tensor<Shape>, numHeads)
    const attended: Tensor<Shape> = T.scaledDotProductAttention(
      turn(heads(x, params.query)),
      turn(heads(memory, params.key)),
      heads(memory, params.value),
      {
        causal,
        // The mask is checked against the scores there.
        ...(mask === undefined ? {} : { mask: mask as Tensor<Shape> }),
        ...(dropout === undefined ? {} : { dropout })
      }
    )
    return project(T.mergeHeads(attended), params.output)
  }
)

const turnOf = (option: boolean | WaveOptions = false) => {
  const waves = option === true ? {} : option
  return (x: Tensor<Shape>): Tensor<Shape> => (waves === false ? x : rotary(x, waves))
}

/** What the parameters of attention are drawn for. */
export interface AttentionSizes<
  Q extends number = number,
  M extends number = number,
  H extends number = number,
  K extends number = number,
  V extends number = number,
  Out extends number = number,
  B extends boolean = boolean
> {
  readonly queryDim: Q
  /** The features of the memory; those of the queries unless given. */
  readonly memoryDim?: M
  readonly numHeads: H
  /** The features of a query and a key in each head. */
  readonly keyDim: K
  /** The features of a value in each head; `keyDim` unless given. */
  readonly valueDim?: V
  /** The features that come out; those of the queries unless given. */
  readonly outputDim?: Out
  readonly useBias?: B
  readonly kernelInitializer?: Initializer
  readonly biasInitializer?: Initializer
}

type Size<A> = A extends number ? A : number

/** The first parameters of attention. Throws OptionError unless all sizes are whole numbers above 0. */
export const init: <
  Q extends number,
  H extends number,
  K extends number,
  M extends number = Q,
  V extends number = K,
  Out extends number = Q,
  B extends boolean = true
>(
  key: Key.Key,
  sizes: AttentionSizes<Q, M, H, K, V, Out, B>
) => Attention<Q, M, Size<Times<H, K>>, Size<Times<H, V>>, Out, B> = face(1, (key: Key.Key, sizes: AttentionSizes) => {
  const { queryDim, numHeads, keyDim } = sizes
  const { memoryDim = queryDim, valueDim = keyDim, outputDim = queryDim, useBias = true } = sizes
  const { kernelInitializer = glorotUniform, biasInitializer = zeros } = sizes
  for (const [name, n] of Object.entries({ queryDim, memoryDim, numHeads, keyDim, valueDim, outputDim })) {
    if (!Number.isInteger(n) || n < 1) throw optionError(`multiHeadAttention: ${name}`, "a whole number above 0", n)
  }
  const draw = (i: number, from: number, to: number): AnyProjection => {
    const own = Key.fold(key, i)
    const kernel = kernelInitializer.draw(Key.fold(own, 0), [from, to])
    return useBias ? { kernel, bias: biasInitializer.draw(Key.fold(own, 1), [to]) } : { kernel }
  }
  return {
    query: draw(0, queryDim, numHeads * keyDim),
    key: draw(1, memoryDim, numHeads * keyDim),
    value: draw(2, memoryDim, numHeads * valueDim),
    output: draw(3, numHeads * valueDim, outputDim)
  }
})

/** A mask from lengths: `[batch, 1, 1, keys]`, true for the first `lengths[b]` keys of every sequence. */
export const lengthMask: <B extends Dim, N extends number>(
  lengths: Tensor<[B], "i32">,
  keys: N
) => Tensor<[B, 1, 1, N], "bool"> = face(1, (lengths: AnyTensor, keys: number) => {
  if (lengths.shape.length !== 1)
    throw new ShapeError(`lengthMask: needs one length per sequence, got ${showShape(lengths.shape)}`)
  const [batch = 1] = lengths.shape
  const shape = Axes.broadcastShapes("lengthMask", [batch, 1, 1, keys], [batch, 1, 1, 1])
  return ops.lt(ops.iota(shape, 3, "i32"), ops.broadcast(ops.reshape(lengths, [batch, 1, 1, 1]), shape))
})
