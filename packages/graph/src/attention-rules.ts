/** What the types know of attention: its shapes, and the sentences about them. */
import type { DType } from "./dtype.ts"
import type { Accepts, SameDType } from "./face.ts"
import type { FirstMismatch, OptionalParameter } from "./normalization-rules.ts"
import type { Over } from "./quotient.ts"
import type { Broadcast, BroadcastToRule, BroadcastWith } from "./shape-rules.ts"
import type { Dim, Mismatch, Same, Shape, Show, ShowDim } from "./shape.ts"
import type { Times } from "./size.ts"
import type { Tensor } from "./tensor.ts"

type Op = "scaledDotProductAttention"

type Matrix<S extends Shape> = number extends S["length"]
  ? unknown
  : S extends readonly [...Shape, Dim, Dim]
    ? unknown
    : Mismatch<`${Op}: queries, keys and values are [..., length, depth], got ${Show<S>}`>

type Lead<S extends Shape> = S extends readonly [...infer L extends Shape, Dim, Dim] ? L : Shape
type Length<S extends Shape> = S extends readonly [...Shape, infer N extends Dim, Dim] ? N : number
type Depth<S extends Shape> = S extends readonly [...Shape, infer N extends Dim] ? N : number

type EqualDims<A extends Dim, B extends Dim, Sentence extends string> =
  Same<A, B> extends true ? unknown : Mismatch<Sentence>

type ReplaceTail<L, N extends Dim, M extends Dim> = L extends Shape
  ? number extends L["length"]
    ? Shape
    : [...L, N, M]
  : L

/** The shape of the scores of queries and keys, `[..., queries, keys]`, or the sentence. */
export type Scores<Q extends Shape, K extends Shape> = FirstMismatch<
  [
    Matrix<Q>,
    Matrix<K>,
    EqualDims<
      Depth<Q>,
      Depth<K>,
      `${Op}: queries ${Show<Q>} and keys ${Show<K>}: depths ${ShowDim<Depth<Q>>} and ${ShowDim<Depth<K>>} differ`
    >,
    ReplaceTail<Broadcast<Op, Lead<Q>, Lead<K>>, Length<Q>, Length<K>>
  ]
>

/** The shape of attention, `[..., queries, depth of the values]`, or the sentence. */
export type Attended<Q extends Shape, K extends Shape, V extends Shape> = FirstMismatch<
  [
    Scores<Q, K>,
    Matrix<V>,
    EqualDims<
      Length<K>,
      Length<V>,
      `${Op}: keys ${Show<K>} and values ${Show<V>}: lengths ${ShowDim<Length<K>>} and ${ShowDim<Length<V>>} differ`
    >,
    ReplaceTail<BroadcastWith<Op, Lead<Q>, Broadcast<Op, Lead<K>, Lead<V>>>, Length<Q>, Depth<V>>
  ]
>

/** The rule of queries and keys. */
export type KeysRule<Q extends Shape, D extends DType, K extends Shape, E extends DType> = SameDType<
  Op,
  D,
  E,
  FirstMismatch<[Accepts<Op, "float", D>, Scores<Q, K>]>
>

/** The rule of values. */
export type ValuesRule<Q extends Shape, D extends DType, K extends Shape, V extends Shape, F extends DType> = SameDType<
  Op,
  D,
  F,
  Attended<Q, K, V>
>

/** The rule of a mask: bool, or floats to add; of the shape of the scores, or broadcasting to it. */
export type MaskRule<Q extends Shape, D extends DType, K extends Shape, M extends OptionalParameter> =
  M extends Tensor<infer S, infer E>
    ? DType extends E
      ? FitsScores<S, Scores<Q, K>>
      : [E] extends ["bool" | D]
        ? FitsScores<S, Scores<Q, K>>
        : Mismatch<`${Op}: the mask must be bool or ${D}, it is ${E}`>
    : unknown
type FitsScores<S extends Shape, R> = R extends Shape
  ? number extends R["length"]
    ? unknown
    : BroadcastToRule<S, R> extends Mismatch<string>
      ? Mismatch<`${Op}: the mask ${Show<S>} does not broadcast to the scores ${Show<R>}`>
      : unknown
  : unknown

/** `[..., length, heads x depth]` to `[..., heads, length, depth]`, or the sentence. */
export type HeadsSplit<S extends Shape, H extends number> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer L extends Shape, infer N extends Dim, infer E extends Dim]
    ? [Over<E, H>] extends [never]
      ? Mismatch<`splitHeads: ${ShowDim<E>} features do not divide into ${H} heads`>
      : [...L, H, N, Over<E, H>]
    : Mismatch<`splitHeads: needs [..., length, features], got ${Show<S>}`>

/** `[..., heads, length, depth]` to `[..., length, heads x depth]`, or the sentence. */
export type HeadsMerged<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer L extends Shape, infer H extends Dim, infer N extends Dim, infer E extends Dim]
    ? [...L, N, Times<H, E>]
    : Mismatch<`mergeHeads: needs [..., heads, length, depth], got ${Show<S>}`>
