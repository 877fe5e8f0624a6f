/** The shape rules of windows in the types, with the sentences of the run time. */
import type { CountOfWindows, Fails, SizesOf } from "./pooling-rules.ts"
import type { AxisTable } from "./shape-rules.ts"
import type { Dim, IsSize, Mismatch, Shape, Show, ShowDim } from "./shape.ts"
import type { Product, Times } from "./size.ts"
import type {
  AtAxis,
  Extent,
  Layout,
  LayoutOf,
  Option,
  Parts,
  PartsOf,
  ShowSizes,
  Wanted,
  WindowCount
} from "./spatial-rules.ts"

type AxisFrom<O> = Option<O, "axis"> extends infer A extends number ? A : -1

type With<S extends Shape, Position, N extends Dim, Out extends Shape = []> = S extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? With<R, Position, N, [...Out, `${Out["length"]}` extends Position ? N : H]>
  : Out

/** The shape with one axis cut into windows, their elements along a new last axis, or the sentence. */
export type WindowsRule<S extends Shape, Z extends number, O> = number extends S["length"] | AxisFrom<O>
  ? Shape
  : `${AxisFrom<O>}` extends keyof AxisTable<S>
    ? Windowed<S, Z, O, AxisTable<S>[`${AxisFrom<O>}`]>
    : Mismatch<`windows: axis ${AxisFrom<O>} does not exist in ${Show<S>}`>
type Windowed<S extends Shape, Z extends number, O, P> = P extends keyof S
  ? S[P] extends infer A extends Dim
    ? Counted<A, Z, O> extends infer N
      ? [N] extends [never]
        ? Mismatch<`windows: a window over ${ShowDim<ExtentOf<Z, O>>} places does not fit in axis ${P & string} of ${Show<S>}`>
        : [...With<S, P, N & Dim>, Z]
      : Shape
    : Shape
  : Shape
type Counted<A extends Dim, Z extends number, O> = WindowCount<
  A,
  Z,
  AtAxis<Option<O, "stride">, 0, 1>,
  AtAxis<Option<O, "dilation">, 0, 1>,
  [0, 0]
>
type ExtentOf<Z extends number, O> = Extent<Z, AtAxis<Option<O, "dilation">, 0, 1>>

/** The shape of windows of a plane as columns of numbers, or the sentence. */
export type UnfoldRule<S extends Shape, Z, O> = [Layout] extends [LayoutOf<O>]
  ? Shape
  : number extends S["length"]
    ? Shape
    : [PartsOf<S, 2, LayoutOf<O>>] extends [never]
      ? Mismatch<`unfold: needs ${Wanted<2, LayoutOf<O>>}, got ${Show<S>}`>
      : PartsOf<S, 2, LayoutOf<O>> extends Parts<infer Lead, infer P, infer C>
        ? true extends Fails<P, Z, Strided<O>>
          ? Mismatch<`unfold: a window of ${ShowSizes<SizesOf<P, Z>>} does not fit in ${Show<S>}; use padding same`>
          : Columns<LayoutOf<O>, Lead, Product<CountOfWindows<P, Z, Strided<O>>>, Times<C, Product<SizesOf<P, Z>>>>
        : Shape
type Strided<O> = O extends { readonly stride: unknown } ? O : O & { readonly stride: 1 }
type Columns<L extends Layout, Lead extends Shape, N extends Dim, C extends Dim> = L extends "channelsLast"
  ? [...Lead, N, C]
  : [...Lead, C, N]

/** The shape of a plane from columns of numbers; the channels are what the window leaves of them. */
export type FoldRule<S extends Shape, To, O> = [Layout] extends [LayoutOf<O>]
  ? Shape
  : number extends S["length"]
    ? Shape
    : S["length"] extends 2 | 3
      ? LayoutOf<O> extends "channelsLast"
        ? [...LeadOf<S>, AtAxis<To, 0, number>, AtAxis<To, 1, number>, number]
        : [...LeadOf<S>, number, AtAxis<To, 0, number>, AtAxis<To, 1, number>]
      : Mismatch<`fold: needs ${LayoutOf<O> extends "channelsLast" ? "[batch, windows, numbers]" : "[batch, numbers, windows]"}, got ${Show<S>}`>
type LeadOf<S extends Shape> = S extends readonly [infer B extends Dim, Dim, Dim] ? [B] : []

/** The shape with windows laid back along an axis, or the sentence. */
export type OverlapRule<S extends Shape, O> = number extends S["length"] | AxisFrom<O>
  ? Shape
  : S extends readonly [...infer R extends Shape, Dim]
    ? `${AxisFrom<O>}` extends keyof AxisTable<R>
      ? With<R, AxisTable<R>[`${AxisFrom<O>}`], LengthOf<O>>
      : Mismatch<`overlapAdd: axis ${AxisFrom<O>} does not exist in ${Show<R>}`>
    : Mismatch<`overlapAdd: axis ${AxisFrom<O>} does not exist in []`>
type LengthOf<O> = Option<O, "length"> extends infer L extends number ? (IsSize<L> extends true ? L : number) : number
