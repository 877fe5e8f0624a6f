/**
 * The shape rules of indexing in the types: what NumPy's basic and advanced indices leave of a shape, or the sentence that
 * the run-time rule gives too.
 */
import type { Below, Cut, CutDim } from "./cut-rules.ts"
import type { DType } from "./dtype.ts"
import type { Broadcast, Repeats } from "./shape-rules.ts"
import type { Dim, IsSize, Mismatch, Shape, Show } from "./shape.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

/**
 * One entry of an index, as in NumPy: a whole number takes one element and drops its axis, a cut takes a part, `null` makes
 * a new axis of size 1, `"..."` stands for all axes that are not named, and an i32 tensor or a list of whole numbers takes
 * elements by their places.
 */
export type Index = number | Cut | null | "..." | AnyIndices | ReadonlyArray<number>

/**
 * A tensor among the entries of an index. Its element type is left to the rule: stated here, `T.iota(3)` would take it for
 * what is asked of it.
 */
export type AnyIndices = Pick<AnyTensor, "node" | "output">

/** A literal index that no element of the axis has. */
type Beyond<N extends Dim, P extends number> =
  IsSize<N> extends true
    ? P extends number
      ? number extends P
        ? never
        : `${P}` extends `-${infer M extends number}`
          ? Below<N, M> extends true
            ? P
            : never
          : Below<P, N> extends true
            ? never
            : P
      : never
    : never

type Entries = ReadonlyArray<unknown>
type Axes = ReadonlyArray<0>

/** Entries that name an axis, counted; a second ellipsis is a mistake. */
type Named<I extends Entries, Count extends Axes = [], Dots extends number = 0> = I extends readonly [
  infer H,
  ...infer R extends Entries
]
  ? H extends null
    ? Named<R, Count, Dots>
    : H extends "..."
      ? Dots extends 0
        ? Named<R, Count, 1>
        : "twice"
      : Named<R, [...Count, 0], Dots>
  : Count

/** The axes of a shape that are not named, as entries that leave them whole. */
type Whole<S extends Shape, Count extends Axes> = S extends readonly [
  ...{ readonly [K in keyof Count]: Dim },
  ...infer Rest extends Shape
]
  ? { readonly [K in keyof Rest]: {} }
  : undefined

/** The ellipsis replaced by the axes it stands for; `"gap"` remembers that there was one. */
type Expand<I extends Entries, Rest extends Entries> = I extends readonly [infer H, ...infer R extends Entries]
  ? H extends "..."
    ? ["gap", ...Rest, ...R]
    : [H, ...Expand<R, Rest>]
  : []

type IsPlaces<E> = E extends AnyIndices ? true : E extends ReadonlyArray<number> ? true : false
/** Whether some entry takes elements by their places: then whole numbers do so as well. */
type HasPlaces<I extends Entries> = I extends readonly [infer H, ...infer R extends Entries]
  ? IsPlaces<H> extends true
    ? true
    : HasPlaces<R>
  : false

/** What an index leaves of a shape, or the sentence. */
export type Indexed<Op extends string, S extends Shape, I extends Entries> = number extends S["length"] | I["length"]
  ? Shape
  : Named<I> extends infer Count
    ? Count extends "twice"
      ? Mismatch<`${Op}: two ellipses in one index; one stands for all axes that are not named`>
      : Count extends Axes
        ? Whole<S, Count> extends infer Rest
          ? Rest extends Entries
            ? Walk<Op, S, S, Expand<I, Rest>, HasPlaces<I>>
            : Mismatch<`${Op}: ${Count["length"]} indices for the ${S["length"]} axes of ${Show<S>}`>
          : never
        : never
    : never

/** Where the walk is: before any places, among them, behind them, or past places that others separate. */
type Phase = "before" | "among" | "behind" | "apart"

/** Dimensions that stand where they are: in front of the places, or behind them. */
type Keep<P extends Phase> = P extends "among" ? "behind" : P

type Walk<
  Op extends string,
  S extends Shape,
  Rest extends Shape,
  I extends Entries,
  Adv extends boolean,
  Axis extends Axes = [],
  Front extends Shape = [],
  Block extends Shape = [],
  Behind extends Shape = [],
  P extends Phase = "before"
> = I extends readonly [infer E, ...infer R extends Entries]
  ? E extends "gap"
    ? Walk<Op, S, Rest, R, Adv, Axis, Front, Block, Behind, Keep<P>>
    : E extends null
      ? P extends "before"
        ? Walk<Op, S, Rest, R, Adv, Axis, [...Front, 1], Block, Behind, P>
        : Walk<Op, S, Rest, R, Adv, Axis, Front, Block, [...Behind, 1], Keep<P>>
      : Rest extends readonly [infer N extends Dim, ...infer Next extends Shape]
        ? E extends number
          ? [Beyond<N, E>] extends [never]
            ? Adv extends true
              ? Places<Op, S, Next, R, [...Axis, 0], Front, Block, Behind, P, []>
              : Walk<Op, S, Next, R, Adv, [...Axis, 0], Front, Block, Behind, P>
            : Mismatch<`${Op}: index ${Beyond<N, E>} is out of range for axis ${Axis["length"]} of ${Show<S>}`>
          : E extends Tensor<infer B, infer D>
            ? IndexType<Op, D> extends Mismatch<infer M>
              ? Mismatch<M>
              : Places<Op, S, Next, R, [...Axis, 0], Front, Block, Behind, P, B>
            : E extends ReadonlyArray<number>
              ? [Beyond<N, E[number]>] extends [never]
                ? Places<Op, S, Next, R, [...Axis, 0], Front, Block, Behind, P, [E["length"]]>
                : Mismatch<`${Op}: index ${Beyond<N, E[number]>} is out of range for axis ${Axis["length"]} of ${Show<S>}`>
              : P extends "before"
                ? Walk<Op, S, Next, R, Adv, [...Axis, 0], [...Front, CutDim<N, E>], Block, Behind, P>
                : Walk<Op, S, Next, R, Adv, [...Axis, 0], Front, Block, [...Behind, CutDim<N, E>], Keep<P>>
        : Shape
  : P extends "apart"
    ? [...Block, ...Front, ...Behind, ...Rest]
    : [...Front, ...Block, ...Behind, ...Rest]

/** One more entry that takes places: its shape joins those before, and they stand in front when others separate them. */
type Places<
  Op extends string,
  S extends Shape,
  Rest extends Shape,
  I extends Entries,
  Axis extends Axes,
  Front extends Shape,
  Block extends Shape,
  Behind extends Shape,
  P extends Phase,
  B extends Shape
> =
  Broadcast<Op, Block, B> extends infer Both
    ? Both extends Shape
      ? Walk<Op, S, Rest, I, true, Axis, Front, Both, Behind, P extends "behind" | "apart" ? "apart" : "among">
      : Both
    : never

/** `unknown` when a tensor of this element type holds indices, else the sentence. */
export type IndexType<Op extends string, E extends DType, R = unknown> = DType extends E
  ? R
  : [E] extends ["i32"]
    ? R
    : [E] extends ["bool"]
      ? Mismatch<`${Op}: a mask selects a number of elements that only the values know; use T.where, or T.nonzero with a size`>
      : Mismatch<`${Op}: indices must be i32, they are ${E}; use T.cast`>

/** `To` when `S` repeats to exactly that shape, else the sentence. */
export type Fits<Op extends string, S extends Shape, To> = To extends Shape
  ? number extends S["length"] | To["length"]
    ? To
    : Repeats<S, To> extends true
      ? To
      : Mismatch<`${Op}: ${Show<S>} does not broadcast to ${Show<To>}`>
  : To
