/**
 * Products and sums of literal sizes in the types, of any magnitude, by decimal digits: a size is a reversed string of
 * digits, a digit is the length of a tuple.
 */
import type { Dim, IsSize, Shape } from "./shape.ts"

interface Tuples {
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
type Digit = keyof Tuples
type Count = ReadonlyArray<0>

type Reverse<T extends string, Out extends string = ""> = T extends `${infer H}${infer R}`
  ? Reverse<R, `${H}${Out}`>
  : Out

/** A tuple repeated as often as the digit says. */
type Scale<
  A extends Digit,
  B extends Count,
  Out extends Count = [],
  N extends Count = []
> = N["length"] extends Tuples[A]["length"] ? Out : Scale<A, B, [...Out, ...B], [...N, 0]>

/** Splits a count below 100 into [tens as a tuple, units as a digit]. */
type Carry<N> = N extends number
  ? `${N}` extends `${infer T extends Digit}${infer U extends Digit}`
    ? [Tuples[T], U]
    : [[], `${N}`]
  : never

// Through a conditional type: indexing the length of a concatenation of generics is "too complex" for the checker.
type LengthOf<T> = T extends { readonly length: infer L } ? L : never
type Sum3<A extends Count, B extends Count, C extends Count> = LengthOf<[...A, ...B, ...C]>

type AddDigits<
  A extends string,
  B extends string,
  C extends Count = [],
  Out extends string = ""
> = A extends `${infer H extends Digit}${infer R}`
  ? B extends `${infer H2 extends Digit}${infer R2}`
    ? Carry<Sum3<Tuples[H], Tuples[H2], C>> extends [infer C2 extends Count, infer U extends string]
      ? AddDigits<R, R2, C2, `${Out}${U}`>
      : never
    : AddDigits<A, "0", C, Out>
  : B extends ""
    ? C extends []
      ? Out
      : `${Out}1`
    : AddDigits<"0", B, C, Out>

type TimesDigit<
  A extends string,
  D extends Digit,
  C extends Count = [],
  Out extends string = ""
> = A extends `${infer H extends Digit}${infer R}`
  ? Carry<Sum3<Scale<H, Tuples[D]>, C, []>> extends [infer C2 extends Count, infer U extends string]
    ? TimesDigit<R, D, C2, `${Out}${U}`>
    : never
  : C extends []
    ? Out
    : `${Out}${C["length"]}`

type TimesDigits<
  A extends string,
  B extends string,
  Zeros extends string = "",
  Out extends string = ""
> = B extends `${infer H extends Digit}${infer R}`
  ? TimesDigits<A, R, `0${Zeros}`, AddDigits<Out, `${Zeros}${TimesDigit<A, H>}`>>
  : Out

type Parse<T extends string> = T extends `${infer N extends number}` ? N : number

/** The product of two sizes; `number` when one is a symbol or unknown. */
export type Times<A extends Dim, B extends Dim> = [A] extends [1]
  ? B
  : [B] extends [1]
    ? A
    : [A] extends [0]
      ? 0
      : [B] extends [0]
        ? 0
        : [IsSize<A>, IsSize<B>] extends [true, true]
          ? Parse<Reverse<TimesDigits<Reverse<`${A}`>, Reverse<`${B}`>>>>
          : number

/** The sum of two sizes; `number` when one is a symbol or unknown, unless the other is 0. */
export type Plus<A extends Dim, B extends Dim> = [A] extends [0]
  ? B
  : [B] extends [0]
    ? A
    : [IsSize<A>, IsSize<B>] extends [true, true]
      ? Parse<Reverse<AddDigits<Reverse<`${A}`>, Reverse<`${B}`>>>>
      : number

/** The number of elements of a shape; a symbol alone stays, with anything but ones beside it the product is `number`. */
export type Product<S extends Shape, Out extends Dim = 1> = S extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? Product<R, Times<Out, H>>
  : S extends readonly []
    ? Out
    : number
