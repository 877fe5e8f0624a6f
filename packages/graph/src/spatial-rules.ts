/** Shapes with spatial axes between a batch and channels, in either layout, and sizes of what moves along them. */
import type { Minus } from "./difference.ts"
import type { FloorOver } from "./quotient.ts"
import type { Dim, IsSize, Shape, ShowDim } from "./shape.ts"
import type { Plus, Times } from "./size.ts"

/** Where the channels stand: behind the spatial axes (Keras, JAX) or before them (PyTorch). */
export type Layout = "channelsLast" | "channelsFirst"

/** How many spatial axes an operation has. */
export type SpatialRank = 1 | 2 | 3

/** The sizes of the spatial axes. */
export interface SpatialShapes {
  readonly 1: [Dim]
  readonly 2: [Dim, Dim]
  readonly 3: [Dim, Dim, Dim]
}

/** What the spatial axes are called. */
export interface SpatialNames {
  readonly 1: "length"
  readonly 2: "height, width"
  readonly 3: "depth, height, width"
}

/** The layout that options name, the default one if they do not. */
export type LayoutOf<O> = O extends { readonly layout: infer L extends Layout } ? L : "channelsLast"

/** A shape taken apart: a batch or none, spatial sizes, channels. */
export interface Parts<Lead extends Shape = Shape, P extends Shape = Shape, C extends Dim = Dim> {
  readonly lead: Lead
  readonly spatial: P
  readonly channels: C
}

/** The parts of a shape, `never` when it has another rank. */
export type PartsOf<S extends Shape, N extends SpatialRank, L extends Layout> = L extends "channelsLast"
  ? S extends readonly [infer B extends Dim, ...infer P extends SpatialShapes[N], infer C extends Dim]
    ? Parts<[B], P, C>
    : S extends readonly [...infer P extends SpatialShapes[N], infer C extends Dim]
      ? Parts<[], P, C>
      : never
  : S extends readonly [infer B extends Dim, infer C extends Dim, ...infer P extends SpatialShapes[N]]
    ? Parts<[B], P, C>
    : S extends readonly [infer C extends Dim, ...infer P extends SpatialShapes[N]]
      ? Parts<[], P, C>
      : never

/** The shape of parts. */
export type JoinedParts<L extends Layout, Lead extends Shape, P extends Shape, C extends Dim> = L extends "channelsLast"
  ? [...Lead, ...P, C]
  : [...Lead, C, ...P]

/** What a shape of the layout is called: `[batch, height, width, channels]`. */
export type Wanted<N extends SpatialRank, L extends Layout> = L extends "channelsLast"
  ? `[batch, ${SpatialNames[N]}, channels]`
  : `[batch, channels, ${SpatialNames[N]}]`

/** One number for all axes, or one for each. */
export type PerAxis = number | ReadonlyArray<number>

/** The number for axis `I`, `Default` when there is none. */
export type AtAxis<V, I extends number, Default extends Dim> = V extends number
  ? V
  : V extends ReadonlyArray<number>
    ? number extends V["length"]
      ? number
      : V[I] extends number
        ? V[I]
        : number
    : Default

/** An option by its name, `undefined` when it is not given. */
export type Option<O, K extends string> = O extends { readonly [P in K]: infer V } ? V : undefined

/** Padding: none, as much as keeps the size (divided by the stride), or numbers: for all, for each axis, or a pair for each. */
export type PaddingOption = "valid" | "same" | number | ReadonlyArray<number | readonly [low: number, high: number]>

/** `[low, high]` or "same" for axis `I`. */
export type PaddingAt<V, I extends number> = V extends "same"
  ? "same"
  : V extends number
    ? [V, V]
    : V extends ReadonlyArray<unknown>
      ? number extends V["length"]
        ? [number, number]
        : V[I] extends number
          ? [V[I], V[I]]
          : V[I] extends readonly [infer Low extends number, infer High extends number]
            ? [Low, High]
            : [number, number]
      : V extends "valid" | undefined
        ? [0, 0]
        : [number, number]

/** The places that a window covers. */
export type Extent<K extends Dim, D extends Dim> = [D] extends [1] ? K : Plus<Times<Minus<K, 1>, D>, 1>

/** How many windows there are along an axis; `never` when none fits. */
export type WindowCount<A extends Dim, K extends Dim, S extends Dim, D extends Dim, P> = P extends "same"
  ? [S] extends [1]
    ? A
    : IsSize<S> extends true
      ? FloorOver<Plus<A, Minus<S, 1>>, S>
      : number
  : P extends readonly [infer Low extends number, infer High extends number]
    ? Whole<Plus<A, Plus<Low, High>>, Extent<K, D>> extends infer R extends Dim
      ? [R] extends [never]
        ? never
        : Plus<FloorOver<R, S>, 1>
      : number
    : number
type Whole<A extends Dim, E extends Dim> = [IsSize<A>, IsSize<E>] extends [true, true] ? Minus<A, E> : number

/** Sizes as text: `3x3`. */
export type ShowSizes<P extends Shape, Text extends string = ""> = P extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? ShowSizes<R, Text extends "" ? ShowDim<H> : `${Text}x${ShowDim<H>}`>
  : Text

/** The axes before this one, counted. */
export type CountOf<T extends ReadonlyArray<unknown>> = T["length"] extends infer N extends number ? N : never
