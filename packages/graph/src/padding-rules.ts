/** The shape rule of padding in the types, with the sentence of the run time. */
import type { Minus } from "./difference.ts"
import type { Dim, IsSize, Mismatch, Shape, Show } from "./shape.ts"
import type { Plus } from "./size.ts"

/** The shape with `[low, high]` elements added around every axis; a negative number cuts as many off. */
export type Padded<S extends Shape, W extends ReadonlyArray<readonly [number, number]>> = number extends
  | S["length"]
  | W["length"]
  ? Shape
  : [S["length"]] extends [W["length"]]
    ? { -readonly [K in keyof S]: K extends keyof W ? PaddedDim<S[K], W[K]> : number }
    : Mismatch<`pad: ${W["length"]} pairs for the ${S["length"]} axes of ${Show<S>}`>

type PaddedDim<A, W> = A extends Dim
  ? W extends readonly [infer Low extends number, infer High extends number]
    ? Cut<Cut<Plus<Plus<A, Added<Low>>, Added<High>>, Taken<Low>>, Taken<High>>
    : number
  : number

type Added<W extends number> = `${W}` extends `-${string}` ? 0 : W
type Taken<W extends number> = `${W}` extends `-${infer N extends number}` ? N : 0
type Cut<A extends Dim, N extends number> = [N] extends [0]
  ? A
  : [IsSize<A>, IsSize<N>] extends [true, true]
    ? [Minus<A, N>] extends [never]
      ? number
      : Minus<A, N>
    : number
