/** The shape rules of pooling and resizing in the types, with the sentences of the run time. */
import type { Dim, IsSize, Mismatch, Shape, Show } from "./shape.ts"
import type { Times } from "./size.ts"
import type {
  AtAxis,
  CountOf,
  JoinedParts,
  Layout,
  LayoutOf,
  Option,
  PaddingAt,
  Parts,
  PartsOf,
  ShowSizes,
  SpatialRank,
  Wanted,
  WindowCount
} from "./spatial-rules.ts"

/** `R` for a tensor that has the parts of an operation over N axes, else the sentence; `Shape` where the types cannot know. */
type WithParts<Op extends string, N extends SpatialRank, S extends Shape, O, R> = [Layout] extends [LayoutOf<O>]
  ? Shape
  : number extends S["length"]
    ? Shape
    : [PartsOf<S, N, LayoutOf<O>>] extends [never]
      ? Mismatch<`${Op}: needs ${Wanted<N, LayoutOf<O>>}, got ${Show<S>}`>
      : R

/** The result of pooling by windows, or the sentence. */
export type PoolRule<Op extends string, N extends SpatialRank, S extends Shape, Z, O> = WithParts<
  Op,
  N,
  S,
  O,
  PartsOf<S, N, LayoutOf<O>> extends Parts<infer Lead, infer P, infer C>
    ? true extends Fails<P, Z, O>
      ? Mismatch<`${Op}: a window of ${ShowSizes<SizesOf<P, Z>>} does not fit in ${Show<S>}; use padding same`>
      : JoinedParts<LayoutOf<O>, Lead, CountOfWindows<P, Z, O>, C>
    : Shape
>

/** The size of the window along each axis. */
export type SizesOf<P extends Shape, Z, Out extends Shape = []> = P extends readonly [Dim, ...infer R extends Shape]
  ? SizesOf<R, Z, [...Out, AtAxis<Z, CountOf<Out>, number>]>
  : Out

type CountAt<A extends Dim, Z, O, I extends number> =
  Option<O, "ceilMode"> extends true
    ? number
    : WindowCount<
        A,
        AtAxis<Z, I, number>,
        AtAxis<Option<O, "stride">, I, AtAxis<Z, I, number>>,
        AtAxis<Option<O, "dilation">, I, 1>,
        PaddingAt<Option<O, "padding">, I>
      >

/** How many windows there are along each axis. */
export type CountOfWindows<P extends Shape, Z, O, Out extends Shape = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? CountOfWindows<R, Z, O, [...Out, CountAt<A, Z, O, CountOf<Out>> extends infer Q extends Dim ? Q : number]>
  : Out

/** `true` for an axis along which the window does not fit. */
export type Fails<P extends Shape, Z, O, Done extends ReadonlyArray<0> = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? [CountAt<A, Z, O, CountOf<Done>>] extends [never]
    ? true
    : Fails<R, Z, O, [...Done, 0]>
  : false

/** The result of pooling to a size, or the sentence; an axis whose size is null keeps its own. */
export type AdaptiveRule<Op extends string, N extends SpatialRank, S extends Shape, Z, O> = WithParts<
  Op,
  N,
  S,
  O,
  PartsOf<S, N, LayoutOf<O>> extends Parts<infer Lead, infer P, infer C>
    ? JoinedParts<LayoutOf<O>, Lead, Given<P, Z>, C>
    : Shape
>
type Given<P extends Shape, Z, Out extends Shape = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? Given<R, Z, [...Out, GivenAt<A, Z, CountOf<Out>>]>
  : Out
type GivenAt<A extends Dim, Z, I extends number> = Z extends null
  ? A
  : Z extends ReadonlyArray<unknown>
    ? number extends Z["length"]
      ? number
      : Z[I] extends null
        ? A
        : Z[I] extends number
          ? Z[I]
          : number
    : AtAxis<Z, I, number>

/** The shape after resizing the spatial axes to `size`, or by `scale`, or the sentence. */
export type ResizeRule<Op extends string, S extends Shape, O> = [Layout] extends [LayoutOf<O>]
  ? Shape
  : number extends S["length"]
    ? Shape
    : [RankOf<S>] extends [never]
      ? Mismatch<`${Op}: needs a batch, one to three spatial axes, and channels, got ${Show<S>}`>
      : PartsOf<S, RankOf<S>, LayoutOf<O>> extends Parts<infer Lead, infer P, infer C>
        ? JoinedParts<LayoutOf<O>, Lead, Resized<P, O>, C>
        : Shape
// With a batch always: whether [a, b, c] is one axis with a batch or two without could not be known.
type RankOf<S extends Shape> = S["length"] extends 3 ? 1 : S["length"] extends 4 ? 2 : S["length"] extends 5 ? 3 : never
type Resized<P extends Shape, O, Out extends Shape = []> = P extends readonly [
  infer A extends Dim,
  ...infer R extends Shape
]
  ? Resized<R, O, [...Out, ResizedAt<A, O, CountOf<Out>>]>
  : Out
type ResizedAt<A extends Dim, O, I extends number> =
  Option<O, "size"> extends PerAxisValue
    ? AtAxis<Option<O, "size">, I, number>
    : Option<O, "scale"> extends PerAxisValue
      ? WholeTimes<A, AtAxis<Option<O, "scale">, I, number>>
      : number
type PerAxisValue = number | ReadonlyArray<number>
type WholeTimes<A extends Dim, F extends Dim> = `${F}` extends `${string}.${string}` | `${string}e${string}`
  ? number
  : [IsSize<A>, IsSize<F>] extends [true, true]
    ? Times<A, F>
    : number
