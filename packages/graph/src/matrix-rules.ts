/** Shape rules of linear algebra in the types: matrices in the last two dimensions, batches before them. */
import type { DType } from "./dtype.ts"
import type { Accepts, SameDType } from "./face.ts"
import type { Broadcast } from "./shape-rules.ts"
import type { Dim, Mismatch, Same, Shape, Show, ShowDim } from "./shape.ts"

/** `R` when there are matrices, else the sentence. */
export type Matrices<Op extends string, S extends Shape, R = unknown> = number extends S["length"]
  ? R
  : S extends readonly [...Shape, Dim, Dim]
    ? R
    : Mismatch<`${Op}: needs matrices, got ${Show<S>}`>

/** `R` when the matrices are square, else the sentence. */
export type Square<Op extends string, S extends Shape, R = unknown> = number extends S["length"]
  ? R
  : S extends readonly [...Shape, infer M extends Dim, infer N extends Dim]
    ? Same<M, N> extends true
      ? R
      : Mismatch<`${Op}: needs square matrices, got ${Show<S>}`>
    : Mismatch<`${Op}: needs matrices, got ${Show<S>}`>

/** The shape before the matrices. */
export type LeadOfMatrices<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer L extends Shape, Dim, Dim]
    ? L
    : Shape

/** How many rows matrices have. */
export type RowsOf<S extends Shape> = S extends readonly [...Shape, infer M extends Dim, Dim] ? M : number

/** How many columns matrices have. */
export type ColumnsOf<S extends Shape> = S extends readonly [...Shape, Dim, infer N extends Dim] ? N : number

/** The smaller of two sizes where the types know which it is. */
export type Least<M extends Dim, N extends Dim> = [M, N] extends [N, M]
  ? M
  : `${M}` extends `${infer A extends number}`
    ? `${N}` extends `${infer B extends number}`
      ? number extends A | B
        ? number
        : Smaller<A, B>
      : number
    : number
// Counting is only done up to a hundred: beyond, the size is unknown.
type Smaller<A extends number, B extends number, Count extends ReadonlyArray<0> = []> = Count["length"] extends A
  ? A
  : Count["length"] extends B
    ? B
    : Count["length"] extends 100
      ? number
      : Smaller<A, B, [...Count, 0]>

/** The shape of matrices of other sizes with the same batches; of unknown rank when they are. */
export type Resized<S extends Shape, M extends Dim, N extends Dim> = number extends S["length"]
  ? Shape
  : [...LeadOfMatrices<S>, M, N]

/** The shape of rows of numbers, one for each matrix. */
export type RowOfEach<S extends Shape, N extends Dim> = number extends S["length"] ? Shape : [...LeadOfMatrices<S>, N]

/** Where the unknown stands: `A X = B`, or `X A = B`. */
export type Side = "left" | "right"

type Joined<L, Tail extends Shape> = L extends Shape ? [...L, ...Tail] : L

/** The leading dimensions of two operands, broadcast. */
type Batches<Op extends string, A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? Shape
  : Broadcast<Op, A, B>

/** The shape of `N` unknowns for right sides of shape `B`, of which there must be `M`; or the sentence. */
export type Solution<
  Op extends string,
  S extends Shape,
  B extends Shape,
  M extends Dim,
  N extends Dim,
  At extends Side,
  Vectors extends boolean
> = number extends S["length"] | B["length"]
  ? Shape
  : B extends readonly []
    ? Mismatch<`${Op}: ${Show<S>} and []: the right side is a scalar`>
    : B extends readonly [infer R extends Dim]
      ? Fits<Op, S, B, M, R, [...LeadOfMatrices<S>, N]>
      : Vectors extends true
        ? B extends readonly [...infer L extends Shape, infer R extends Dim]
          ? Fits<Op, S, B, M, R, Joined<Batches<Op, LeadOfMatrices<S>, L>, [N]>>
          : Shape
        : B extends readonly [...infer L extends Shape, infer R extends Dim, infer C extends Dim]
          ? At extends "right"
            ? Fits<Op, S, B, M, C, Joined<Batches<Op, LeadOfMatrices<S>, L>, [R, N]>>
            : Fits<Op, S, B, M, R, Joined<Batches<Op, LeadOfMatrices<S>, L>, [N, C]>>
          : Shape
type Fits<Op extends string, S extends Shape, B extends Shape, M extends Dim, R extends Dim, Result> =
  Same<M, R> extends true
    ? Result
    : Mismatch<`${Op}: ${Show<S>} and ${Show<B>}: ${ShowDim<M>} equations and ${ShowDim<R>} right sides`>

/** The shape of the solution of a system with square matrices, or the sentence. */
export type SolveRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  B extends Shape,
  E extends DType,
  At extends Side,
  Vectors extends boolean
> = SameDType<
  Op,
  D,
  E,
  Accepts<Op, "float", D, Square<Op, S, Solution<Op, S, B, RowsOf<S>, ColumnsOf<S>, At, Vectors>>>
>

/** The shape of a least-squares solution, or the sentence. */
export type LeastSquaresRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  B extends Shape,
  E extends DType,
  Vectors extends boolean
> = SameDType<
  Op,
  D,
  E,
  Accepts<Op, "float", D, Matrices<Op, S, Solution<Op, S, B, RowsOf<S>, ColumnsOf<S>, "left", Vectors>>>
>

/** `R` for float matrices, square ones, else the sentence. */
export type FloatSquare<Op extends string, S extends Shape, D extends DType, R = unknown> = Accepts<
  Op,
  "float",
  D,
  Square<Op, S, R>
>

/** `R` for float matrices, else the sentence. */
export type FloatMatrices<Op extends string, S extends Shape, D extends DType, R = unknown> = Accepts<
  Op,
  "float",
  D,
  Matrices<Op, S, R>
>
