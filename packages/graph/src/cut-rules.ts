/** Cutting an axis, in the types: the size of what is left. */
import type { Minus } from "./difference.ts"
import type { Dim, IsSize } from "./shape.ts"

/**
 * Where to cut an axis: from `start` up to before `end` by `step`. Negative positions count from the back, positions beyond
 * the axis are moved to its ends, and a negative step goes backwards, as in Python: unless given, `step` is 1 and the axis
 * is taken from end to end.
 */
export interface Cut {
  readonly start?: number
  readonly end?: number
  readonly step?: number
}

/** The difference of two literal sizes, 0 when it would be negative. */
type Left<A extends number, B extends number> = [Minus<A, B>] extends [never] ? 0 : Minus<A, B>
/** Whether literal sizes are in order, `A < B`. */
export type Below<A extends Dim, B extends Dim> = [Minus<A, B>] extends [never] ? true : false

type Field<C, K extends string> = K extends keyof C ? C[K] : undefined

/** Where a bound of a cut lies in an axis of a literal size. */
type BoundOf<N extends number, P> = number extends P
  ? number
  : P extends number
    ? `${P}` extends `-${infer M extends number}`
      ? Left<N, M>
      : Below<N, P> extends true
        ? N
        : P
    : number

type Between<N extends number, Start, End> = Start extends number
  ? End extends number
    ? Left<End, Start>
    : Left<N, Start>
  : End extends number
    ? End
    : N

/** The size of an axis after a cut: known when it is whole or turned round, or of a literal size and cut by step 1. */
export type CutDim<N extends Dim, C> = [keyof C] extends [never]
  ? N
  : [keyof C, Field<C, "step">] extends ["step", 1 | -1]
    ? N
    : Field<C, "step"> extends 1 | undefined
      ? N extends number
        ? IsSize<N> extends true
          ? Between<
              N,
              Field<C, "start"> extends undefined ? undefined : BoundOf<N, Field<C, "start">>,
              Field<C, "end"> extends undefined ? undefined : BoundOf<N, Field<C, "end">>
            >
          : number
        : number
      : number
