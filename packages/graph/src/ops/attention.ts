/** Attention: every query takes a mean of the values, weighted by how well it matches their keys. */
import type { Attended, HeadsMerged, HeadsSplit, KeysRule, MaskRule, ValuesRule } from "../attention-rules.ts"
import { broadcastShapes } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { DTypeError, optionError, ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, face } from "../face.ts"
import type { OptionalParameter } from "../normalization-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Key } from "../random/key.ts"
import { uniform } from "../random/uniform.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { matmul } from "./linear.ts"
import { normalizedExponential } from "./normalized-exponential.ts"

/** Options of scaledDotProductAttention. */
export interface AttentionOptions<M extends OptionalParameter = OptionalParameter> {
  /**
   * Which keys a query may attend to: bool, true where it may; or floats, added to the scores. It has the shape of the
   * scores, `[..., queries, keys]`, or broadcasts to it.
   */
  readonly mask?: M
  /** Whether query i attends to the keys 0 to i only; false unless given. Beside `mask`, both must allow a key. */
  readonly causal?: boolean
  /** What the products of queries and keys are multiplied by; `1 / sqrt(depth)` unless given. */
  readonly scale?: number
  /** Drops weights with this probability, and divides the others by `1 - rate`. Equal keys drop the same. */
  readonly dropout?: { readonly rate: number; readonly key: Key }
}

const operation = "scaledDotProductAttention"

const show = showShape

/** Throws unless queries, keys and values fit, with the sentences of the types; gives the shape of the scores. */
const checkShapes = (q: AnyTensor, k: AnyTensor, v: AnyTensor): ReadonlyArray<number> => {
  for (const x of [q, k, v]) checkOperand(operation, "float", x)
  checkSameDType(operation, q.dtype, k.dtype)
  checkSameDType(operation, q.dtype, v.dtype)
  for (const { shape } of [q, k, v]) {
    if (shape.length < 2)
      throw new ShapeError(`${operation}: queries, keys and values are [..., length, depth], got ${show(shape)}`)
  }
  const differ = (a: string, x: AnyTensor, b: string, y: AnyTensor, of: string, i: number, j: number): void => {
    if (x.shape.at(i) !== y.shape.at(j))
      throw new ShapeError(
        `${operation}: ${a} ${show(x.shape)} and ${b} ${show(y.shape)}: ${of} ${x.shape.at(i)} and ${y.shape.at(j)} differ`
      )
  }
  const lead = (x: AnyTensor): ReadonlyArray<number> => x.shape.slice(0, -2)
  differ("queries", q, "keys", k, "depths", -1, -1)
  const scores = [...broadcastShapes(operation, lead(q), lead(k)), q.shape.at(-2) ?? 1, k.shape.at(-2) ?? 1]
  differ("keys", k, "values", v, "lengths", -2, -2)
  broadcastShapes(operation, lead(q), broadcastShapes(operation, lead(k), lead(v)))
  return scores
}

const checkMask = (mask: AnyTensor, q: AnyTensor, scores: ReadonlyArray<number>): void => {
  if (mask.dtype !== "bool" && mask.dtype !== q.dtype)
    throw new DTypeError(`${operation}: the mask must be bool or ${q.dtype}, it is ${mask.dtype}`)
  const lead = scores.length - mask.shape.length
  if (lead < 0 || mask.shape.some((size, d) => size !== 1 && size !== scores[lead + d]))
    throw new ShapeError(`${operation}: the mask ${show(mask.shape)} does not broadcast to the scores ${show(scores)}`)
}

/** Softmax over the last axis, zeros where all scores are -Infinity. */
const maskedSoftmax = (scores: AnyTensor): AnyTensor =>
  normalizedExponential(scores, [scores.shape.length - 1], "zeros")

const product = (a: AnyTensor, b: AnyTensor): AnyTensor =>
  // The shapes have been checked, and are unknown to the types here.
  matmul(a as Tensor<Shape, "f32">, b as Tensor<Shape, "f32">)

/** Whether key j is not behind query i. */
const notAfter = (scores: AnyTensor): AnyTensor => {
  const tail = scores.shape.slice(-2)
  return ops.le(ops.iota(tail, 1, "i32"), ops.iota(tail, 0, "i32"))
}

const masked = (scores: AnyTensor, mask: AnyTensor | undefined, causal: boolean): AnyTensor => {
  const given =
    mask === undefined ? scores : mask.dtype === "bool" ? ops.select(mask, scores, -Infinity) : ops.add(scores, mask)
  return causal ? ops.select(notAfter(scores), given, -Infinity) : given
}

const dropped = (weights: AnyTensor, { rate, key }: { readonly rate: number; readonly key: Key }): AnyTensor => {
  if (!(rate >= 0 && rate < 1)) throw optionError(`${operation}: the rate of dropout`, "0 or more and below 1", rate)
  if (rate === 0) return weights
  return ops.select(ops.lt(uniform(key, weights.shape), 1 - rate), ops.mul(weights, 1 / (1 - rate)), 0)
}

/**
 * `softmax(scale Q K^T + mask) V` over the keys, for queries `[..., n, d]`, keys `[..., m, d]` and values `[..., m, e]`:
 * `[..., n, e]`. Leading axes broadcast.
 *
 * ```ts
 * const [q, k, v] = [T.ones([2, 8, 5, 16]), T.ones([2, 8, 5, 16]), T.ones([2, 8, 5, 16])]
 * const y = T.scaledDotProductAttention(q, k, v, { causal: true })   // Tensor<[2, 8, 5, 16]>
 * ```
 *
 * A key that a query may not attend to has weight 0 exactly, and no derivative flows into its score. A query that may
 * attend to no key at all gives 0, with derivative 0 (PyTorch: NaN). `causal` counts queries and keys both from the
 * first, as PyTorch's `is_causal` does. Throws ShapeError and DTypeError when the operands do not fit, OptionError
 * unless `0 <= rate < 1`. Vaswani and others 2017, section 3.2.1.
 */
export const scaledDotProductAttention: <
  Q extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  V extends Shape,
  F extends DType,
  M extends OptionalParameter = undefined
>(
  queries: Tensor<Q, D> & Guard<Accepts<"scaledDotProductAttention", "float", D>>,
  keys: Tensor<K, E> & Guard<KeysRule<Q, D, K, E>>,
  values: Tensor<V, F> & Guard<ValuesRule<Q, D, K, V, F>>,
  options?: AttentionOptions<M> & Guard<MaskRule<Q, D, K, M>>
) => TensorOf<Attended<Q, K, V>, D> = face(
  1,
  (q: AnyTensor, k: AnyTensor, v: AnyTensor, options: AttentionOptions = {}) => {
    const { mask, causal = false, dropout } = options
    const shape = checkShapes(q, k, v)
    if (mask !== undefined) checkMask(mask, q, shape)
    const { scale = 1 / Math.sqrt(q.shape.at(-1) ?? 1) } = options
    const last = k.shape.length - 1
    const transposed = ops.transpose(k, [...k.shape.keys()].slice(0, -2).concat(last, last - 1))
    const scores = masked(ops.mul(product(q, transposed), scale), mask, causal)
    const weights = maskedSoftmax(scores)
    return product(dropout === undefined ? weights : dropped(weights, dropout), v)
  }
)

/** A split into heads that holds their number and waits for its operand. */
export interface SplitHeadsInto<H extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<HeadsSplit<S, H>>): TensorOf<HeadsSplit<S, H>, D>
}

/**
 * The features of every position divided among heads: `[..., length, heads x depth]` to `[..., heads, length, depth]`;
 * head h takes the features `h depth` to `(h + 1) depth - 1`, as in PyTorch and Keras. `mergeHeads` undoes it.
 *
 * Throws ShapeError when the features do not divide into the heads.
 */
export const splitHeads: {
  <const H extends number>(heads: H): SplitHeadsInto<H>
  <S extends Shape, D extends DType, const H extends number>(
    self: Tensor<S, D> & Guard<HeadsSplit<S, H>>,
    heads: H
  ): TensorOf<HeadsSplit<S, H>, D>
} = face(2, (x: AnyTensor, heads: number) => {
  const n = x.shape.length
  if (n < 2) throw new ShapeError(`splitHeads: needs [..., length, features], got ${show(x.shape)}`)
  const [length = 1, features = 1] = x.shape.slice(-2)
  if (!(Number.isInteger(heads) && heads > 0 && features % heads === 0))
    throw new ShapeError(`splitHeads: ${features} features do not divide into ${heads} heads`)
  const lead = x.shape.slice(0, -2)
  return swapped(ops.reshape(x, [...lead, length, heads, features / heads]), n)
})

/** Exchanges the third axis from the back, `last - 2`, with the one behind it. */
const swapped = (x: AnyTensor, last: number): AnyTensor =>
  ops.transpose(x, [...x.shape.keys()].slice(0, last - 2).concat(last - 1, last - 2, last))

/**
 * Heads side by side as features: `[..., heads, length, depth]` to `[..., length, heads x depth]`; undoes `splitHeads`.
 */
export const mergeHeads: <S extends Shape, D extends DType>(
  self: Tensor<S, D> & Guard<HeadsMerged<S>>
) => TensorOf<HeadsMerged<S>, D> = face(1, (x: AnyTensor) => {
  const n = x.shape.length
  if (n < 3) throw new ShapeError(`mergeHeads: needs [..., heads, length, depth], got ${show(x.shape)}`)
  const [heads = 1, length = 1, depth = 1] = x.shape.slice(-3)
  return ops.reshape(swapped(x, n - 1), [...x.shape.slice(0, -3), length, heads * depth])
})
