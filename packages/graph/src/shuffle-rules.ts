/** The shape rules of pixel shuffling in the types, with the sentences of the run time. */
import type { Over } from "./quotient.ts"
import type { Dim, Mismatch, Shape, Show, ShowDim } from "./shape.ts"
import type { Times } from "./size.ts"
import type { JoinedParts, Layout, LayoutOf, Parts, PartsOf, Wanted } from "./spatial-rules.ts"

type WithPlane<Op extends string, S extends Shape, O, R> = [Layout] extends [LayoutOf<O>]
  ? Shape
  : number extends S["length"]
    ? Shape
    : [PartsOf<S, 2, LayoutOf<O>>] extends [never]
      ? Mismatch<`${Op}: needs ${Wanted<2, LayoutOf<O>>}, got ${Show<S>}`>
      : R

/** The shape after moving blocks of channels into the plane, or the sentence. */
export type ShuffleRule<S extends Shape, F extends number, O> = WithPlane<
  "pixelShuffle",
  S,
  O,
  PartsOf<S, 2, LayoutOf<O>> extends Parts<infer Lead, [infer H extends Dim, infer W extends Dim], infer C>
    ? [Over<C, Times<F, F>>] extends [never]
      ? Mismatch<`pixelShuffle: ${Show<S>} has ${ShowDim<C>} channels, no multiple of ${ShowDim<Times<F, F>>}`>
      : JoinedParts<LayoutOf<O>, Lead, [Times<H, F>, Times<W, F>], Over<C, Times<F, F>>>
    : Shape
>

/** The shape after moving blocks of the plane into channels, or the sentence. */
export type UnshuffleRule<S extends Shape, F extends number, O> = WithPlane<
  "pixelUnshuffle",
  S,
  O,
  PartsOf<S, 2, LayoutOf<O>> extends Parts<infer Lead, [infer H extends Dim, infer W extends Dim], infer C>
    ? true extends NotWhole<H, F> | NotWhole<W, F>
      ? Mismatch<`pixelUnshuffle: ${Show<S>} is ${ShowDim<H>}x${ShowDim<W>}, no multiples of ${F}`>
      : JoinedParts<LayoutOf<O>, Lead, [Over<H, F>, Over<W, F>], Times<C, Times<F, F>>>
    : Shape
>
type NotWhole<A extends Dim, F extends number> = [Over<A, F>] extends [never] ? true : false
