/** What the types know of normalisations: which dimensions their parameters have, and the sentences about them. */
import type { DType } from "./dtype.ts"
import type { Accepts, SameDType } from "./face.ts"
import type { Over } from "./quotient.ts"
import type { AxisOf, Positions, Reduced } from "./shape-rules.ts"
import type { Dim, Mismatch, SameShape, Shape, Show, ShowDim } from "./shape.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

/** One axis or several. */
export type NamedAxes = number | ReadonlyArray<number>

/** The dimensions of a shape at some axes, in the order of the shape; unknown when either is. */
export type DimsAt<S extends Shape, A extends NamedAxes> = number extends S["length"]
  ? Shape
  : A extends number
    ? DimsAt<S, readonly [A]>
    : A extends ReadonlyArray<number>
      ? number extends A["length"] | A[number]
        ? Shape
        : Pick<S, Positions<S, A>[number]>
      : Shape
type Pick<S extends Shape, Position, Count extends ReadonlyArray<0> = [], Out extends Shape = []> = S extends readonly [
  infer H extends Dim,
  ...infer R extends Shape
]
  ? Pick<R, Position, [...Count, 0], `${Count["length"]}` extends Position ? [...Out, H] : Out>
  : Out

/** An optional parameter of a normalisation. */
export type OptionalParameter = AnyTensor | undefined

/** The first sentence of several rules, or the result of the last one. */
export type FirstMismatch<R extends ReadonlyArray<unknown>> = R extends readonly [infer H, ...infer Rest]
  ? Rest extends readonly []
    ? H
    : H extends Mismatch<string>
      ? H
      : FirstMismatch<Rest>
  : unknown

/** `unknown` when a parameter is absent or has the shape and element type it must have, else the sentence. */
export type ParameterRule<
  Op extends string,
  Name extends string,
  D extends DType,
  Wanted extends Shape,
  P extends OptionalParameter
> =
  P extends Tensor<infer S, infer E>
    ? SameDType<
        Op,
        D,
        E,
        SameShape<S, Wanted> extends true
          ? unknown
          : Mismatch<`${Op}: ${Name} must be ${Show<Wanted>}, it is ${Show<S>}`>
      >
    : unknown

/** The rule of normalisations whose parameters have the dimensions at the axes normalised over. */
export type OverAxesRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  A extends NamedAxes,
  P extends OptionalParameter,
  Q extends OptionalParameter
> = FirstMismatch<
  [
    Accepts<Op, "float", D>,
    Reduced<Op, S, A, false>,
    ParameterRule<Op, "scale", D, DimsAt<S, A>, P>,
    ParameterRule<Op, "offset", D, DimsAt<S, A>, Q>
  ]
>

/** The rule of normalisations whose parameters have one number per channel. */
export type ChannelsRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  A extends number,
  P extends OptionalParameter,
  Q extends OptionalParameter
> = FirstMismatch<
  [
    Accepts<Op, "float", D>,
    AxisOf<Op, S, A, unknown>,
    ParameterRule<Op, "scale", D, DimsAt<S, A>, P>,
    ParameterRule<Op, "offset", D, DimsAt<S, A>, Q>
  ]
>

/** `ChannelsRule` for a normalisation that is also given a mean and a variance per channel. */
export type StatisticsRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  A extends number,
  M extends OptionalParameter,
  V extends OptionalParameter,
  P extends OptionalParameter,
  Q extends OptionalParameter
> = FirstMismatch<
  [
    ChannelsRule<Op, S, D, A, P, Q>,
    ParameterRule<Op, "mean", D, DimsAt<S, A>, M>,
    ParameterRule<Op, "variance", D, DimsAt<S, A>, V>
  ]
>

/** `ChannelsRule` for channels that must divide into groups. */
export type GroupsRule<
  S extends Shape,
  D extends DType,
  G extends number,
  A extends number,
  P extends OptionalParameter,
  Q extends OptionalParameter
> = FirstMismatch<[ChannelsRule<"groupNorm", S, D, A, P, Q>, Divides<DimsAt<S, A>, G>]>
type Divides<C extends Shape, G extends number> = C extends readonly [infer N extends Dim]
  ? [Over<N, G>] extends [never]
    ? Mismatch<`groupNorm: ${ShowDim<N>} channels do not divide into ${G} groups`>
    : unknown
  : unknown
