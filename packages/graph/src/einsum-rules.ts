/** The shape rule of einsum in the types: the letters of a literal equation, bound to dimensions operand by operand. */
import type { DType } from "./dtype.ts"
import type { Accepts, SameDType } from "./face.ts"
import type { Broadcast } from "./shape-rules.ts"
import type { Common, Dim, Guard, Mismatch, Same, Shape, Show, ShowDim } from "./shape.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

type Split<S extends string, By extends string> = S extends `${infer A}${By}${infer B}` ? [A, ...Split<B, By>] : [S]
type Characters<S extends string, Out extends ReadonlyArray<string> = []> = S extends `${infer C}${infer R}`
  ? Characters<R, [...Out, C]>
  : Out
type Trimmed<S extends string> = S extends `${infer A} ${infer B}` ? Trimmed<`${A}${B}`> : S

/** Letters with their dimensions, and what the ellipses stand for so far. */
interface Bound {
  readonly letters: { readonly [letter: string]: Dim }
  readonly rest: Shape
}
interface Nothing {
  readonly letters: {}
  readonly rest: []
}

/** Shapes the types do not follow. */
interface Unknown {
  readonly unknown: true
}

/** The dimensions after one more letter. */
type With<L, C extends string, A extends Dim> = {
  readonly [K in keyof L | C]: K extends C ? A : K extends keyof L ? L[K] : never
}

/** One letter after the other takes one dimension each; a letter of this operand again must have the same size. */
type Bind<
  Eq extends string,
  Letters extends ReadonlyArray<string>,
  S extends Shape,
  L,
  Seen extends string = never
> = Letters extends readonly [infer C extends string, ...infer R extends ReadonlyArray<string>]
  ? S extends readonly [infer A extends Dim, ...infer T extends Shape]
    ? C extends keyof L
      ? L[C] extends infer B extends Dim
        ? C extends Seen
          ? Same<A, B> extends true
            ? Bind<Eq, R, T, L, Seen>
            : Clash<Eq, C, B, A>
          : [Common<A, B>] extends [never]
            ? Clash<Eq, C, B, A>
            : Bind<Eq, R, T, With<L, C, Common<A, B>>, Seen | C>
        : never
      : Bind<Eq, R, T, With<L, C, A>, Seen | C>
    : L
  : L
type Clash<
  Eq extends string,
  C extends string,
  B extends Dim,
  A extends Dim
> = Mismatch<`einsum ${Eq}: ${C} is ${ShowDim<B>} and ${ShowDim<A>}`>

type Wrong<
  Eq extends string,
  S extends Shape,
  Text extends string,
  N extends number
> = Mismatch<`einsum ${Eq}: ${Show<S>} does not have the ${N} dimensions of ${Text}`>

// Through a conditional type: the length of a concatenation of generics is no number to the checker.
type LengthOf<X extends ReadonlyArray<unknown>> = X["length"] extends infer N extends number ? N : never

/** The first dimensions of a shape, as many as there are letters, and the others; `false` when there are too few. */
type Cut<S extends Shape, Letters extends ReadonlyArray<unknown>, Out extends Shape = []> = Letters extends readonly [
  unknown,
  ...infer R
]
  ? S extends readonly [infer H extends Dim, ...infer T extends Shape]
    ? Cut<T, R, [...Out, H]>
    : false
  : [Out, S]
type CutBack<
  S extends Shape,
  Letters extends ReadonlyArray<unknown>,
  Out extends Shape = []
> = Letters extends readonly [unknown, ...infer R]
  ? S extends readonly [...infer T extends Shape, infer H extends Dim]
    ? CutBack<T, R, [H, ...Out]>
    : false
  : [S, Out]

/** One operand: all its letters, or those on both sides of an ellipsis and what this stands for. */
type BindTerm<Eq extends string, Text extends string, S extends Shape, B extends Bound> = number extends S["length"]
  ? Unknown
  : Text extends `${infer Front}...${infer Back}`
    ? Cut<S, Characters<Front>> extends [infer F extends Shape, infer Middle extends Shape]
      ? CutBack<Middle, Characters<Back>> extends [infer Rest extends Shape, infer K extends Shape]
        ? BindBoth<
            Eq,
            [...Characters<Front>, ...Characters<Back>],
            [...F, ...K],
            B["letters"],
            Broadcast<"einsum", B["rest"], Rest>
          >
        : Wrong<Eq, S, Text, LengthOf<[...Characters<Front>, ...Characters<Back>]>>
      : Wrong<Eq, S, Text, LengthOf<[...Characters<Front>, ...Characters<Back>]>>
    : Characters<Text>["length"] extends S["length"]
      ? BindBoth<Eq, Characters<Text>, S, B["letters"], B["rest"]>
      : Wrong<Eq, S, Text, Characters<Text>["length"]>
type BindBoth<Eq extends string, Letters extends ReadonlyArray<string>, S extends Shape, L, Rest> = Rest extends Shape
  ? Bind<Eq, Letters, S, L> extends infer Next
    ? Next extends Mismatch<string>
      ? Next
      : { readonly letters: Next; readonly rest: Rest }
    : never
  : Rest

type BindAll<
  Eq extends string,
  Terms extends ReadonlyArray<unknown>,
  Ts extends ReadonlyArray<AnyTensor>,
  B extends Bound = Nothing
> = Terms extends readonly [infer Text extends string, ...infer R]
  ? Ts extends readonly [Tensor<infer S extends Shape, infer _>, ...infer More extends ReadonlyArray<AnyTensor>]
    ? BindTerm<Eq, Text, S, B> extends infer Next
      ? Next extends Bound
        ? BindAll<Eq, R, More, Next>
        : Next
      : never
    : Mismatch<`einsum ${Eq}: there are fewer operands than terms`>
  : Ts extends readonly []
    ? B
    : Mismatch<`einsum ${Eq}: there are more operands than terms`>

type Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/** A letter put into its place among sorted ones. */
type Insert<S extends string, C extends string, Smaller extends string = ""> = S extends `${infer H}${infer R}`
  ? Alphabet extends `${string}${H}${string}${C}${string}`
    ? Insert<R, C, `${Smaller}${H}`>
    : `${Smaller}${C}${S}`
  : `${Smaller}${C}`

/** The letters of a text that stand in it once, in alphabetical order. */
type Once<All extends string, Text extends string = All, Out extends string = ""> = Text extends `${infer C}${infer R}`
  ? Alphabet extends `${string}${C}${string}`
    ? All extends `${string}${C}${string}${C}${string}`
      ? Once<All, R, Out>
      : Once<All, R, Insert<Out, C>>
    : Once<All, R, Out>
  : Out

/** The result's letters where none are written: those that stand once, behind the ellipsis. */
type Result<Left extends string> = Left extends `${string}...${string}` ? `...${Once<Left>}` : Once<Left>

type Output<
  Eq extends string,
  Letters extends ReadonlyArray<string>,
  B extends Bound,
  Out extends Shape = [],
  Seen extends string = never
> = Letters extends readonly [infer C extends string, ...infer R extends ReadonlyArray<string>]
  ? C extends "."
    ? R extends readonly [".", ".", ...infer After extends ReadonlyArray<string>]
      ? Output<Eq, After, B, [...Out, ...B["rest"]], Seen>
      : Shape
    : C extends Seen
      ? Mismatch<`einsum ${Eq}: ${C} stands twice in the result`>
      : C extends keyof B["letters"]
        ? Output<Eq, R, B, [...Out, B["letters"][C] & Dim], Seen | C>
        : Mismatch<`einsum ${Eq}: ${C} of the result is in no operand`>
  : Out

type Finish<Eq extends string, B, Right extends string> = B extends Bound
  ? Output<Eq, Characters<Right>, B>
  : B extends Unknown
    ? Shape
    : B

/** The shape of an einsum, or the sentence; unknown where the equation is no literal or a rank is unknown. */
export type EinsumRule<Eq extends string, Ts extends ReadonlyArray<AnyTensor>> = string extends Eq
  ? Shape
  : number extends Ts["length"]
    ? Shape
    : Trimmed<Eq> extends `${infer Left}->${infer Right}`
      ? Finish<Eq, BindAll<Eq, Split<Left, ",">, Ts>, Right>
      : Finish<Eq, BindAll<Eq, Split<Trimmed<Eq>, ",">, Ts>, Result<Trimmed<Eq>>>

/** The element type of the operands: that of the first. */
export type EinsumDType<Ts extends ReadonlyArray<AnyTensor>> = Ts extends readonly [
  Tensor<Shape, infer D extends DType>,
  ...ReadonlyArray<AnyTensor>
]
  ? D
  : Ts[number]["dtype"]

/** `unknown`, or the sentence of a mistake at the operand that first contradicts those before it. */
export type EinsumOperand<Eq extends string, Ts extends ReadonlyArray<AnyTensor>, K> =
  EinsumRule<Eq, Ts> extends Mismatch<infer M>
    ? K extends Place<Eq, Ts>
      ? M
      : unknown
    : K extends keyof Ts
      ? Ts[K] extends Tensor<Shape, infer E extends DType>
        ? Guard<SameDType<"einsum", EinsumDType<Ts>, E, Accepts<"einsum", "float", E>>>
        : unknown
      : unknown

type Place<Eq extends string, Ts extends ReadonlyArray<AnyTensor>> =
  Trimmed<Eq> extends `${infer Left}->${string}`
    ? PlaceOf<Eq, Split<Left, ",">, Ts>
    : PlaceOf<Eq, Split<Trimmed<Eq>, ",">, Ts>
type PlaceOf<
  Eq extends string,
  Terms extends ReadonlyArray<unknown>,
  Ts extends ReadonlyArray<AnyTensor>,
  B extends Bound = Nothing,
  Count extends ReadonlyArray<0> = []
> = Terms extends readonly [infer Text extends string, ...infer R]
  ? Ts extends readonly [Tensor<infer S extends Shape, infer _>, ...infer More extends ReadonlyArray<AnyTensor>]
    ? BindTerm<Eq, Text, S, B> extends infer Next
      ? Next extends Bound
        ? PlaceOf<Eq, R, More, Next, [...Count, 0]>
        : `${Count["length"]}`
      : never
    : Last<Count>
  : Ts extends readonly []
    ? Last<Count>
    : `${Count["length"]}`
type Last<Count extends ReadonlyArray<0>> = Count extends readonly [0, ...infer R extends ReadonlyArray<0>]
  ? `${R["length"]}`
  : "0"
