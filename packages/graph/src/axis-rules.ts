/** Shape rules of operations that take, move or give one axis another size, in the types. */
import type { Minus } from "./difference.ts"
import type { AxisOf, AxisTable } from "./shape-rules.ts"
import type { Common, Dim, IsSize, Mismatch, Shape, Show } from "./shape.ts"
import type { Product } from "./size.ts"

/** The position of an axis from the front, as text. */
type PositionOf<S extends Shape, A> = A extends number
  ? `${A}` extends keyof AxisTable<S>
    ? AxisTable<S>[`${A}`] & string
    : never
  : never

type Missing<Op extends string, S extends Shape, A> = A extends number
  ? Mismatch<`${Op}: axis ${A} does not exist in ${Show<S>}`>
  : never

/** `R` when an axis exists, with its position; unknown axes and ranks give `Else`. */
type Existing<Op extends string, S extends Shape, A, R, Else = Shape> = number extends S["length"] | A
  ? Else
  : [PositionOf<S, A>] extends [never]
    ? Missing<Op, S, A>
    : R

/** The shape with size `N` along an axis. */
export type WithDim<Op extends string, S extends Shape, A, N extends Dim> = Existing<
  Op,
  S,
  A,
  { -readonly [K in keyof S]: K extends PositionOf<S, A> ? N : S[K] }
>

/** The shape with the shape `N` in the place of an axis: rows by indices of shape `N`. */
export type TakenAlong<Op extends string, S extends Shape, N extends Shape, A> = Existing<
  Op,
  S,
  A,
  Splice<S, PositionOf<S, A>, N>
>
type Splice<S extends Shape, Position extends string, N extends Shape, Out extends Shape = []> = S extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? `${Out["length"]}` extends Position
    ? [...Out, ...N, ...R]
    : Splice<R, Position, N, [...Out, H]>
  : Shape

/** The shape without an axis. */
export type Dropped<Op extends string, S extends Shape, A> = TakenAlong<Op, S, [], A>

/** The size of an axis; `number` when it is unknown. */
export type DimAt<S extends Shape, A> = number extends S["length"] | A
  ? number
  : PositionOf<S, A> extends infer P
    ? P extends keyof S
      ? S[P] & Dim
      : number
    : number

type SameRank<Op extends string, S extends Shape, N extends Shape, R> = number extends S["length"] | N["length"]
  ? Shape
  : [S["length"]] extends [N["length"]]
    ? R
    : Mismatch<`${Op}: ${Show<S>} and indices ${Show<N>} have different ranks`>

/** Sizes of indices beside the axis that the tensor does not have. */
type Larger<S extends Shape, N extends Shape, Position extends string> = {
  [K in keyof S & `${number}`]: K extends Position
    ? never
    : K extends keyof N
      ? [IsSize<S[K] & Dim>, IsSize<N[K] & Dim>] extends [true, true]
        ? [Minus<S[K] & Dim, N[K] & Dim>] extends [never]
          ? K
          : never
        : never
      : never
}[keyof S & `${number}`]

/** `R` when indices of the tensor's rank stay within it beside the axis, or the sentence. */
export type WithinBeside<Op extends string, S extends Shape, N extends Shape, A, R> = SameRank<
  Op,
  S,
  N,
  Existing<
    Op,
    S,
    A,
    [Larger<S, N, PositionOf<S, A>>] extends [never]
      ? R
      : Mismatch<`${Op}: indices ${Show<N>} are larger than ${Show<S>} beside axis ${A & number}`>,
    R
  >
>

/** The common shape beside an axis, along which it is that of the indices, or the sentence. */
export type CommonBeside<Op extends string, S extends Shape, N extends Shape, A> = SameRank<
  Op,
  S,
  N,
  Existing<
    Op,
    S,
    A,
    [Clashes<S, N, PositionOf<S, A>>] extends [never]
      ? {
          -readonly [K in keyof S]: K extends keyof N
            ? K extends PositionOf<S, A>
              ? N[K]
              : Common<S[K] & Dim, N[K] & Dim>
            : Dim
        }
      : Mismatch<`${Op}: ${Show<S>} and indices ${Show<N>} do not broadcast beside axis ${A & number}`>
  >
>
type Clashes<S extends Shape, N extends Shape, Position extends string> = {
  [K in keyof S & `${number}`]: K extends Position
    ? never
    : K extends keyof N
      ? [Common<S[K] & Dim, N[K] & Dim>] extends [never]
        ? K
        : never
      : never
}[keyof S & `${number}`]

/** The shape with two axes exchanged. */
export type SwappedAxes<Op extends string, S extends Shape, A, B> =
  AxisOf<Op, S, A, AxisOf<Op, S, B, Shape>> extends Mismatch<infer M>
    ? Mismatch<M>
    : number extends S["length"] | A | B
      ? Shape
      : {
          -readonly [K in keyof S]: K extends PositionOf<S, A>
            ? DimAt<S, B>
            : K extends PositionOf<S, B>
              ? DimAt<S, A>
              : S[K]
        }

/** The shape with an axis moved to another place; several axes leave the rank alone known. */
export type MovedAxis<Op extends string, S extends Shape, A, B> = number extends S["length"]
  ? Shape
  : [A, B] extends [number, number]
    ? number extends A | B
      ? { -readonly [K in keyof S]: Dim }
      : Existing<Op, S, A, Existing<Op, S, B, Inserted<Splice<S, PositionOf<S, A>, []>, PositionOf<S, B>, DimAt<S, A>>>>
    : { -readonly [K in keyof S]: Dim }
type Inserted<
  S extends Shape,
  Position extends string,
  N extends Dim,
  Out extends Shape = []
> = `${Out["length"]}` extends Position
  ? [...Out, N, ...S]
  : S extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? Inserted<R, Position, N, [...Out, H]>
    : Shape

/** The shape without its dimensions of size 1: of the given axes, which must be, or of all. */
export type Squeezed<Op extends string, S extends Shape, A> = number extends S["length"]
  ? Shape
  : A extends undefined
    ? number extends S[number]
      ? Shape
      : WithoutOnes<S>
    : A extends number
      ? number extends A
        ? Shape
        : Existing<
            Op,
            S,
            A,
            IsSize<DimAt<S, A>> extends true
              ? DimAt<S, A> extends 1
                ? Dropped<Op, S, A>
                : Mismatch<`${Op}: axis ${A} of ${Show<S>} has size ${DimAt<S, A>}, not 1`>
              : Dropped<Op, S, A>
          >
      : Shape
type WithoutOnes<S extends Shape, Out extends Shape = []> = S extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? WithoutOnes<R, H extends 1 ? Out : [...Out, H]>
  : Out

/** The shape with the axes from one to another merged into one. */
export type FlattenedAxes<S extends Shape, From, To> = number extends S["length"] | From | To
  ? Shape
  : S extends readonly []
    ? [1]
    : Existing<"flatten", S, From, Existing<"flatten", S, To, Merge<S, PositionOf<S, From>, PositionOf<S, To>>>>
type Merge<
  S extends Shape,
  From extends string,
  To extends string,
  Count extends ReadonlyArray<0> = [],
  Out extends Shape = [],
  Run extends Shape = [],
  Inside extends boolean = false
> = S extends readonly [infer H extends Dim, ...infer R extends Shape]
  ? `${Count["length"]}` extends To
    ? Inside extends true
      ? [...Out, Product<[...Run, H]>, ...R]
      : `${Count["length"]}` extends From
        ? [...Out, H, ...R]
        : Mismatch<`flatten: axis ${From} comes behind axis ${To}`>
    : Inside extends true
      ? Merge<R, From, To, [...Count, 0], Out, [...Run, H], true>
      : `${Count["length"]}` extends From
        ? Merge<R, From, To, [...Count, 0], Out, [H], true>
        : Merge<R, From, To, [...Count, 0], [...Out, H], [], false>
  : Shape
