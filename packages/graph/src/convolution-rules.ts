/** The shape rules of convolutions in the types, with the sentences of the run time. */
import type { Minus } from "./difference.ts"
import type { Dim, IsSize, Mismatch, Same, Shape, Show, ShowDim } from "./shape.ts"
import type { Over } from "./quotient.ts"
import type { Plus, Times } from "./size.ts"
import type {
  AtAxis,
  CountOf,
  Extent,
  JoinedParts,
  Layout,
  LayoutOf,
  Option,
  PaddingAt,
  Parts,
  PartsOf,
  ShowSizes,
  SpatialNames,
  SpatialRank,
  SpatialShapes,
  Wanted,
  WindowCount
} from "./spatial-rules.ts"

/** A kernel taken apart: sizes, channels it takes (of one group), channels it gives. */
interface KernelParts<P extends Shape = Shape, I extends Dim = Dim, O extends Dim = Dim> {
  readonly sizes: P
  readonly takes: I
  readonly gives: O
}

type KernelOf<K extends Shape, N extends SpatialRank, L extends Layout> = L extends "channelsLast"
  ? K extends readonly [...infer P extends SpatialShapes[N], infer I extends Dim, infer O extends Dim]
    ? KernelParts<P, I, O>
    : never
  : K extends readonly [infer O extends Dim, infer I extends Dim, ...infer P extends SpatialShapes[N]]
    ? KernelParts<P, I, O>
    : never

type WantedKernel<N extends SpatialRank, L extends Layout> = L extends "channelsLast"
  ? `[${SpatialNames[N]}, in, out]`
  : `[out, in, ${SpatialNames[N]}]`

/** `R` when a tensor and a kernel have the parts that a convolution over N axes needs, else the sentence. */
type WithParts<Op extends string, N extends SpatialRank, S extends Shape, K extends Shape, O, R> = number extends
  | S["length"]
  | K["length"]
  ? Shape
  : [PartsOf<S, N, LayoutOf<O>>] extends [never]
    ? Mismatch<`${Op}: needs ${Wanted<N, LayoutOf<O>>}, got ${Show<S>}`>
    : [KernelOf<K, N, LayoutOf<O>>] extends [never]
      ? Mismatch<`${Op}: needs a kernel ${WantedKernel<N, LayoutOf<O>>}, got ${Show<K>}`>
      : R

/** The result of a convolution, or the sentence. */
export type ConvRule<Op extends string, N extends SpatialRank, S extends Shape, K extends Shape, O> = [Layout] extends [
  LayoutOf<O>
]
  ? Shape
  : WithParts<Op, N, S, K, O, Convolved<Op, S, K, O, PartsOf<S, N, LayoutOf<O>>, KernelOf<K, N, LayoutOf<O>>>>

/** The result of a convolution of every channel alone, or the sentence. */
export type DepthwiseConvRule<Op extends string, N extends SpatialRank, S extends Shape, K extends Shape, O> = [
  Layout
] extends [LayoutOf<O>]
  ? Shape
  : number extends S["length"] | K["length"]
    ? Shape
    : [PartsOf<S, N, LayoutOf<O>>] extends [never]
      ? Mismatch<`${Op}: needs ${Wanted<N, LayoutOf<O>>}, got ${Show<S>}`>
      : [FilterOf<K, N, LayoutOf<O>>] extends [never]
        ? Mismatch<`${Op}: needs a kernel ${WantedFilter<N, LayoutOf<O>>}, got ${Show<K>}`>
        : Convolved<Op, S, K, O, PartsOf<S, N, LayoutOf<O>>, FilterOf<K, N, LayoutOf<O>>>

type FilterOf<K extends Shape, N extends SpatialRank, L extends Layout> = L extends "channelsLast"
  ? K extends readonly [...infer P extends SpatialShapes[N], infer I extends Dim, infer M extends Dim]
    ? KernelParts<P, I, Times<I, M>>
    : never
  : K extends readonly [infer I extends Dim, infer M extends Dim, ...infer P extends SpatialShapes[N]]
    ? KernelParts<P, I, Times<I, M>>
    : never

type WantedFilter<N extends SpatialRank, L extends Layout> = L extends "channelsLast"
  ? `[${SpatialNames[N]}, in, filters]`
  : `[in, filters, ${SpatialNames[N]}]`

type Groups<O> = Option<O, "groups"> extends infer G extends number ? G : 1
type InGroups<G extends number> = G extends 1 ? "" : ` in ${ShowDim<G>} groups`

type Convolved<Op extends string, S extends Shape, K extends Shape, O, X, W> =
  X extends Parts<infer Lead, infer P, infer C>
    ? W extends KernelParts<infer Z, infer I, infer F>
      ? Same<C, Times<I, Groups<O>>> extends true
        ? Divides<Groups<O>, F> extends true
          ? true extends Fails<P, Z, O>
            ? Mismatch<`${Op}: a kernel of ${ShowSizes<Z>} does not fit in ${Show<S>}; use padding same`>
            : JoinedParts<LayoutOf<O>, Lead, Moved<P, Z, O>, F>
          : Mismatch<`${Op}: ${Groups<O>} groups do not divide the ${ShowDim<F>} channels that the kernel ${Show<K>} gives`>
        : Mismatch<`${Op}: ${Show<S>} has ${ShowDim<C>} channels, the kernel ${Show<K>}${InGroups<Groups<O>>} takes ${ShowDim<Times<I, Groups<O>>>}`>
      : Shape
    : Shape

/** Whether the groups divide the channels, as far as the types know. */
type Divides<G extends number, F extends Dim> = G extends 1
  ? true
  : [IsSize<G>, IsSize<F>] extends [true, true]
    ? [Over<F, G>] extends [never]
      ? false
      : true
    : true

type CountAt<A extends Dim, Z extends Dim, O, I extends number> = WindowCount<
  A,
  Z,
  AtAxis<Option<O, "stride">, I, 1>,
  AtAxis<Option<O, "dilation">, I, 1>,
  PaddingAt<Option<O, "padding">, I>
>

/** The number of outputs along each axis. */
type Moved<P extends Shape, Z extends Shape, O, Out extends Shape = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? Z extends readonly [infer B extends Dim, ...infer T extends Shape]
    ? Moved<R, T, O, [...Out, CountAt<A, B, O, CountOf<Out>> extends infer Q extends Dim ? Q : number]>
    : Out
  : Out

/** `true` for an axis along which the kernel does not fit. */
type Fails<P extends Shape, Z extends Shape, O, Done extends ReadonlyArray<0> = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? Z extends readonly [infer B extends Dim, ...infer T extends Shape]
    ? [CountAt<A, B, O, CountOf<Done>>] extends [never]
      ? true
      : Fails<R, T, O, [...Done, 0]>
    : false
  : false

/** The result of a transposed convolution, or the sentence. */
export type ConvTransposeRule<Op extends string, N extends SpatialRank, S extends Shape, K extends Shape, O> = [
  Layout
] extends [LayoutOf<O>]
  ? Shape
  : WithParts<Op, N, S, K, O, Spread<Op, S, K, O, PartsOf<S, N, LayoutOf<O>>, KernelOf<K, N, LayoutOf<O>>>>

// The kernel is that of the convolution whose transpose this is: what it gives is what is taken here.
type Spread<Op extends string, S extends Shape, K extends Shape, O, X, W> =
  X extends Parts<infer Lead, infer P, infer C>
    ? W extends KernelParts<infer Z, infer I, infer F>
      ? Same<C, F> extends true
        ? Divides<Groups<O>, F> extends true
          ? JoinedParts<LayoutOf<O>, Lead, Spreads<P, Z, O>, Times<I, Groups<O>>>
          : Mismatch<`${Op}: ${Groups<O>} groups do not divide the ${ShowDim<F>} channels that the kernel ${Show<K>} takes`>
        : Mismatch<`${Op}: ${Show<S>} has ${ShowDim<C>} channels, the kernel ${Show<K>} takes ${ShowDim<F>}`>
      : Shape
    : Shape

type Spreads<P extends Shape, Z extends Shape, O, Out extends Shape = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? Z extends readonly [infer B extends Dim, ...infer T extends Shape]
    ? Spreads<R, T, O, [...Out, SpreadAt<A, B, O, CountOf<Out>>]>
    : Out
  : Out

type SpreadAt<A extends Dim, Z extends Dim, O, I extends number> =
  PaddingAt<Option<O, "padding">, I> extends readonly [infer Low extends number, infer High extends number]
    ? Less<
        Plus<
          Plus<Times<Before<A>, AtAxis<Option<O, "stride">, I, 1>>, Extent<Z, AtAxis<Option<O, "dilation">, I, 1>>>,
          AtAxis<Option<O, "outputPadding">, I, 0>
        >,
        Plus<Low, High>
      >
    : Times<A, AtAxis<Option<O, "stride">, I, 1>>
type Before<A extends Dim> = IsSize<A> extends true ? Minus<A, 1> : number
type Less<A extends Dim, B extends Dim> = [IsSize<A>, IsSize<B>] extends [true, true]
  ? [Minus<A, B>] extends [never]
    ? number
    : Minus<A, B>
  : [B] extends [0]
    ? A
    : number
