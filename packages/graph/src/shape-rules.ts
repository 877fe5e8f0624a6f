/** The shape rules of operations in the types: each gives a shape, or the sentence the run-time rule gives too. */
import type { CutDim } from "./cut-rules.ts"
import type { Common, Dim, IsSize, Mismatch, Same, SameShape, Shape, Show, ShowDim, Twice } from "./shape.ts"
import type { Plus, Product } from "./size.ts"

type Align<
  Op extends string,
  A0 extends Shape,
  B0 extends Shape,
  A extends Shape,
  B extends Shape,
  Tail extends Shape
> = A extends readonly []
  ? [...B, ...Tail]
  : B extends readonly []
    ? [...A, ...Tail]
    : A extends readonly [...infer A1 extends Shape, infer LA extends Dim]
      ? B extends readonly [...infer B1 extends Shape, infer LB extends Dim]
        ? [Common<LA, LB>] extends [never]
          ? Mismatch<`${Op}: cannot broadcast ${Show<A0>} with ${Show<B0>}: ${LA} and ${LB} differ`>
          : Align<Op, A0, B0, A1, B1, [Common<LA, LB>, ...Tail]>
        : Shape
      : Shape

/** A symbol may not come to stand twice by broadcasting: `[batch, 1]` with `[batch]` is the classic silent bug. */
type Once<Op extends string, A extends Shape, B extends Shape, R> = R extends Shape
  ? [Twice<R>] extends [never]
    ? R
    : [Twice<A> | Twice<B>] extends [never]
      ? Mismatch<`${Op}: ${Show<A>} with ${Show<B>} would give ${Show<R>}: ${Twice<R>} twice; reshape one side, or say it with T.expand`>
      : R
  : R

/** The shape of an elementwise operation on two operands, or the sentence. */
export type Broadcast<Op extends string, A extends Shape, B extends Shape> = Once<Op, A, B, Align<Op, A, B, A, B, []>>

/** `Broadcast` with a shape that may already be a sentence. */
export type BroadcastWith<Op extends string, A extends Shape, R> = R extends Shape ? Broadcast<Op, A, R> : R

/** The shape of a matrix product, leading dimensions broadcast, or the sentence. */
export type MatMul<A extends Shape, B extends Shape> = B extends readonly []
  ? Mismatch<`matmul: ${Show<A>} x ${Show<B>}: the right side is a scalar; use T.mul`>
  : A extends readonly []
    ? Mismatch<`matmul: ${Show<A>} x ${Show<B>}: the left side is a scalar; use T.mul`>
    : A extends readonly [...infer LA extends Shape, infer K extends Dim]
      ? B extends readonly [infer K2 extends Dim]
        ? Inner<A, B, K, K2, LA>
        : B extends readonly [infer K2 extends Dim, infer N extends Dim]
          ? Inner<A, B, K, K2, [...LA, N]>
          : B extends readonly [...infer LB extends Shape, infer K2 extends Dim, infer N extends Dim]
            ? LA extends readonly [...infer LA1 extends Shape, infer M extends Dim]
              ? Inner<A, B, K, K2, Stack<Broadcast<"matmul", LA1, LB>, M, N>>
              : Inner<A, B, K, K2, [...LB, N]>
            : Shape
      : Shape
type Inner<A extends Shape, B extends Shape, K extends Dim, K2 extends Dim, R> =
  Same<K, K2> extends true
    ? R
    : Mismatch<`matmul: ${Show<A>} x ${Show<B>}: inner dimensions ${ShowDim<K>} and ${ShowDim<K2>} differ`>
type Stack<L, M extends Dim, N extends Dim> = L extends Shape ? [...L, M, N] : L

/** Maps every spelling of an axis, `0..n-1` and `-n..-1`, to its position from the front, as text. */
export type AxisTable<S extends Shape> = Front<S> & Back<S>
type Front<S extends Shape> = { readonly [K in keyof S & `${number}`]: K }
type Back<S extends Shape, Rest extends Shape = S, Count extends ReadonlyArray<0> = [0]> = Rest extends readonly [
  ...infer R extends Shape,
  Dim
]
  ? { readonly [K in `-${Count["length"]}`]: `${R["length"]}` } & Back<S, R, [...Count, 0]>
  : unknown

/** The axis exists, or the sentence; `R` is the result when it does. */
export type AxisOf<Op extends string, S extends Shape, Axis, R> = number extends S["length"]
  ? R
  : Axis extends number
    ? number extends Axis
      ? R
      : `${Axis}` extends keyof AxisTable<S>
        ? R
        : Mismatch<`${Op}: axis ${Axis} does not exist in ${Show<S>}`>
    : R

/** What a reduction over `Axis` (a number, several, or all when undefined) leaves of a shape. */
export type Reduced<Op extends string, S extends Shape, Axis, KeepDims> = [Axis, KeepDims] extends [undefined, false]
  ? []
  : number extends S["length"]
    ? Shape
    : Axis extends undefined
      ? KeepDims extends true
        ? { -readonly [K in keyof S]: 1 }
        : []
      : Axis extends number
        ? ReduceAll<Op, S, readonly [Axis], KeepDims>
        : Axis extends ReadonlyArray<number>
          ? ReduceAll<Op, S, Axis, KeepDims>
          : Shape
type ReduceAll<Op extends string, S extends Shape, Axes extends ReadonlyArray<number>, KeepDims> = number extends
  | Axes["length"]
  | Axes[number]
  ? Shape
  : [Exclude<`${Axes[number]}`, keyof AxisTable<S>>] extends [never]
    ? [Twice<Positions<S, Axes>>] extends [never]
      ? Remove<S, Positions<S, Axes>[number], KeepDims>
      : Mismatch<`${Op}: an axis is named twice in ${Show<Axes>}`>
    : Mismatch<`${Op}: axis ${Exclude<`${Axes[number]}`, keyof AxisTable<S>>} does not exist in ${Show<S>}`>
export type Positions<S extends Shape, Axes extends ReadonlyArray<number>> = {
  readonly [K in keyof Axes]: `${Axes[K]}` extends keyof AxisTable<S> ? AxisTable<S>[`${Axes[K]}`] & string : never
}
type Remove<
  S extends Shape,
  Position extends string,
  KeepDims,
  Count extends ReadonlyArray<0> = [],
  Out extends Shape = []
> = S extends readonly [infer H extends Dim, ...infer R extends Shape]
  ? `${Count["length"]}` extends Position
    ? Remove<R, Position, KeepDims, [...Count, 0], KeepDims extends true ? [...Out, 1] : Out>
    : Remove<R, Position, KeepDims, [...Count, 0], [...Out, H]>
  : Out

/** The shape with its dimensions in another order. */
export type Permuted<S extends Shape, P extends ReadonlyArray<number>> = number extends S["length"] | P["length"]
  ? Shape
  : [P["length"], Exclude<keyof S & `${number}`, `${P[number]}`>] extends [S["length"], never]
    ? { -readonly [K in keyof P]: P[K] extends keyof S ? S[P[K]] & Dim : Dim }
    : Mismatch<`transpose: ${Show<P>} is not a permutation of the ${S["length"]} axes of ${Show<S>}`>

/** `[..., M, N]` to `[..., N, M]`. */
export type Swapped<S extends Shape> = S extends readonly [
  ...infer L extends Shape,
  infer M extends Dim,
  infer N extends Dim
]
  ? [...L, N, M]
  : number extends S["length"]
    ? Shape
    : Mismatch<`transpose: ${Show<S>} has fewer than two dimensions`>

/** A literal that is no size: negative or fractional. */
type NotSize<S extends Shape> = `${S[number]}` extends infer Text
  ? Text extends `-${string}` | `${string}.${string}`
    ? Text
    : never
  : never

/** `unknown` when the elements of `S` fill the shape `To`, else the sentence. */
export type ReshapeRule<S extends Shape, To extends Shape> = number extends S["length"]
  ? unknown
  : [NotSize<To>] extends [never]
    ? [IsSize<Product<S>>, IsSize<Product<To>>] extends [true, true]
      ? [Product<S>] extends [Product<To>]
        ? unknown
        : Mismatch<`reshape: ${Show<S>} has ${Product<S>} elements, ${Show<To>} needs ${Product<To>}`>
      : unknown
    : Mismatch<`reshape: ${Show<To>} is not a shape: sizes are whole numbers, 0 or more`>

/** All dimensions after the first as one. */
export type Flattened<S extends Shape> = S extends readonly []
  ? Mismatch<"flatten: [] has no first dimension to keep">
  : S extends readonly [infer B extends Dim, ...infer R extends Shape]
    ? [B, Product<R>]
    : Shape

/** The shape with dimension `N` inserted at axis `A` of the result. */
export type Expanded<S extends Shape, A extends number, N extends Dim> = number extends S["length"] | A
  ? Shape
  : `${A}` extends keyof AxisTable<[...S, 1]>
    ? InsertAt<S, AxisTable<[...S, 1]>[`${A}`] & string, N>
    : Mismatch<`expand: axis ${A} does not exist after adding one to ${Show<S>}`>
type InsertAt<
  S extends Shape,
  Position extends string,
  N extends Dim,
  Out extends Shape = []
> = `${Out["length"]}` extends Position
  ? [...Out, N, ...S]
  : S extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? InsertAt<R, Position, N, [...Out, H]>
    : Shape

/** `unknown` when `S` repeats to exactly the shape `To`, else the sentence. */
export type BroadcastToRule<S extends Shape, To extends Shape> = number extends S["length"]
  ? unknown
  : Repeats<S, To> extends true
    ? unknown
    : Mismatch<`broadcastTo: ${Show<S>} does not broadcast to ${Show<To>}`>
export type Repeats<S extends Shape, To extends Shape> = number extends S["length"] | To["length"]
  ? true
  : S extends readonly [...infer L extends Shape, infer A extends Dim]
    ? To extends readonly [...infer L2 extends Shape, infer B extends Dim]
      ? [A] extends [1]
        ? Repeats<L, L2>
        : Same<A, B> extends true
          ? Repeats<L, L2>
          : false
      : false
    : true

/** The shape of two operands joined along the last axis. */
export type Concatenated<A extends Shape, B extends Shape> = A extends readonly []
  ? Mismatch<"concat: axis -1 does not exist in []">
  : number extends A["length"] | B["length"]
    ? Shape
    : A extends readonly [...infer L extends Shape, infer M extends Dim]
      ? B extends readonly [...infer L2 extends Shape, infer N extends Dim]
        ? SameShape<L, L2> extends true
          ? [...L, Plus<M, N>]
          : Beside<A, B, L["length"]>
        : Beside<A, B, L["length"]>
      : Shape
type Beside<
  A extends Shape,
  B extends Shape,
  Axis extends number
> = Mismatch<`concat: ${Show<A>} and ${Show<B>} differ beside axis ${Axis}`>

/** A shape with `N` in the place of the first axis: rows of a table by indices of shape `N`. */
export type Taken<S extends Shape, N extends Shape> = S extends readonly []
  ? Mismatch<"take: axis 0 does not exist in []">
  : S extends readonly [Dim, ...infer R extends Shape]
    ? [...N, ...R]
    : Shape

/** The shape after cutting the first axes; `{}` leaves an axis whole. */
export type Sliced<S extends Shape, C extends ReadonlyArray<object>> = number extends S["length"]
  ? Shape
  : number extends C["length"]
    ? { -readonly [K in keyof S]: number }
    : [Exclude<keyof C & `${number}`, keyof S>] extends [never]
      ? { -readonly [K in keyof S]: K extends keyof C ? CutDim<S[K] & Dim, C[K]> : S[K] }
      : Mismatch<`slice: ${C["length"]} cuts for the ${S["length"]} axes of ${Show<S>}`>

/**
 * `unknown` when a tensor of shape `S` may have the shape `To`, else the sentence. Symbols are names: only sizes can
 * contradict.
 */
export type ExpectRule<S extends Shape, To extends Shape> = number extends S["length"]
  ? unknown
  : Agrees<S, To> extends true
    ? unknown
    : Mismatch<`expect: ${Show<S>} is not ${Show<To>}`>
type Agrees<S extends Shape, To extends Shape> = number extends S["length"] | To["length"]
  ? true
  : S extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? To extends readonly [infer H2 extends Dim, ...infer R2 extends Shape]
      ? [IsSize<H>, IsSize<H2>] extends [true, true]
        ? [H] extends [H2]
          ? Agrees<R, R2>
          : false
        : Agrees<R, R2>
      : false
    : To extends readonly []
      ? true
      : false
