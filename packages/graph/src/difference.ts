/** Differences of literal sizes in the types, of any magnitude, by decimal digits from the last on. */
import type { Dim, IsSize } from "./shape.ts"

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
type Ten = [...Tuples["9"], 0]

type Reverse<T extends string, Out extends string = ""> = T extends `${infer H}${infer R}`
  ? Reverse<R, `${H}${Out}`>
  : Out

/** One digit minus another and what was borrowed: the digit, and what is borrowed from the next. */
type SubDigit<A extends Count, B extends Count> = A extends readonly [...B, ...infer R extends Count]
  ? [R["length"], []]
  : [...Ten, ...A] extends readonly [...B, ...infer R extends Count]
    ? [R["length"], [0]]
    : never

/** Digits from the last on; `never` when something is still borrowed at the end. */
type SubDigits<
  A extends string,
  B extends string,
  Borrowed extends Count = [],
  Out extends string = ""
> = A extends `${infer H extends Digit}${infer R}`
  ? B extends `${infer H2 extends Digit}${infer R2}`
    ? SubDigit<Tuples[H], [...Tuples[H2], ...Borrowed]> extends [infer D extends number, infer C extends Count]
      ? SubDigits<R, R2, C, `${Out}${D}`>
      : never
    : SubDigits<A, "0", Borrowed, Out>
  : B extends ""
    ? Borrowed extends []
      ? Out
      : never
    : never

type Trim<T extends string> = T extends `0${infer R extends `${Digit}${string}`}` ? Trim<R> : T
type Parse<T extends string> = T extends `${infer N extends number}` ? N : never

/** The difference of two sizes, `never` when it would be negative; `number` when one is a symbol or unknown. */
export type Minus<A extends Dim, B extends Dim> = [B] extends [0]
  ? A
  : [IsSize<A>, IsSize<B>] extends [true, true]
    ? Parse<Trim<Reverse<SubDigits<Reverse<`${A}`>, Reverse<`${B}`>>>>>
    : number
