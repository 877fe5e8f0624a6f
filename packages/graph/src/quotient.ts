/**
 * Quotients of literal sizes in the types, for divisors below 100: division by hand, digit by digit. What is left over
 * is a tuple shorter than the divisor.
 */
import type { Dim, IsSize } from "./shape.ts"

type Count = ReadonlyArray<0>

type Tuple<N extends number, Out extends Count = []> = Out["length"] extends N ? Out : Tuple<N, [...Out, 0]>

type Ten<T extends Count> = [...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T]

interface Digits {
  readonly "0": []
  readonly "1": [0]
  readonly "2": [0, 0]
  readonly "3": [0, 0, 0]
  readonly "4": [0, 0, 0, 0]
  readonly "5": [0, 0, 0, 0, 0]
  readonly "6": [0, 0, 0, 0, 0, 0]
  readonly "7": [0, 0, 0, 0, 0, 0, 0]
  readonly "8": [0, 0, 0, 0, 0, 0, 0, 0]
  readonly "9": [0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/** How often the divisor goes into a number below ten times its own size, and what is left over. */
type Step<A extends Count, B extends Count, Q extends Count = []> = A extends readonly [...B, ...infer R extends Count]
  ? Step<R, B, [...Q, 0]>
  : [Q["length"], A]

type Long<
  Text extends string,
  B extends Count,
  Left extends Count = [],
  Out extends string = ""
> = Text extends `${infer D extends keyof Digits}${infer Rest}`
  ? Step<[...Ten<Left>, ...Digits[D]], B> extends [infer Q extends number, infer R extends Count]
    ? Long<Rest, B, R, Out extends "" ? (Q extends 0 ? "" : `${Q}`) : `${Out}${Q}`>
    : never
  : [Out extends "" ? "0" : Out, Left]

type Below100<B extends number> = `${B}` extends `${infer A}${infer C}` ? (A extends "0" ? false : IsUpToTwo<C>) : false
type IsUpToTwo<C extends string> = C extends "" | keyof Digits ? true : false

/** The quotient of two sizes, `never` when it is not whole; `number` when one is unknown, a symbol, or too large. */
export type Over<A extends Dim, B extends Dim> = [IsSize<A>, IsSize<B>] extends [true, true]
  ? B extends number
    ? Below100<B> extends true
      ? Long<`${A}`, Tuple<B>> extends [`${infer N extends number}`, infer R extends Count]
        ? R extends readonly []
          ? N
          : never
        : number
      : number
    : number
  : number

/** The quotient of two sizes rounded down; `number` when one is unknown, a symbol, or too large. */
export type FloorOver<A extends Dim, B extends Dim> = [B] extends [1]
  ? A
  : [IsSize<A>, IsSize<B>] extends [true, true]
    ? B extends number
      ? Below100<B> extends true
        ? Long<`${A}`, Tuple<B>> extends [`${infer N extends number}`, Count]
          ? N
          : number
        : number
      : number
    : number
