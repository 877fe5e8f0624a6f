/** Shape rules of products of vectors and matrices in the types. */
import type { DimAt } from "./axis-rules.ts"
import type { DType } from "./dtype.ts"
import type { Accepts, BinaryRule, MatMulRule, SameDType } from "./face.ts"
import type { MatMul, Reduced, Repeats } from "./shape-rules.ts"
import type { Dim, Guard, Mismatch, Same, Shape, Show, ShowDim } from "./shape.ts"
import type { Times } from "./size.ts"
import type { AnyTensor, Tensor } from "./tensor.ts"

/** The shape of the outer product of two vectors, or the sentence. */
export type OuterRule<S extends Shape, D extends DType, W extends Shape, E extends DType> = SameDType<
  "outer",
  D,
  E,
  Accepts<"outer", "number", D, VectorOf<S, VectorOf<W, OuterShape<S, W>>>>
>
type VectorOf<S extends Shape, R> = number extends S["length"]
  ? R
  : S extends readonly [Dim]
    ? R
    : Mismatch<`outer: needs vectors, got ${Show<S>}`>
type OuterShape<S extends Shape, W extends Shape> = S extends readonly [infer M extends Dim]
  ? W extends readonly [infer N extends Dim]
    ? [M, N]
    : [M, Dim]
  : [Dim, Dim]

/** The shape of products summed along an axis, operands broadcast; or the sentence. */
export type VecdotRule<
  S extends Shape,
  D extends DType,
  B extends Shape,
  E extends DType,
  A extends number,
  K extends boolean
> =
  BinaryRule<"vecdot", "number", S, D, B, E> extends infer R
    ? R extends Shape
      ? Reduced<"vecdot", R, A, K>
      : R
    : never

/** The shape of a linear layer, or the sentence. */
export type LinearRule<S extends Shape, D extends DType, W extends Shape, E extends DType, B> = SameDType<
  "linear",
  D,
  E,
  Accepts<"linear", "float", D, LinearShape<S, W, B>>
>
type LinearShape<S extends Shape, W extends Shape, B> = number extends S["length"] | W["length"]
  ? Shape
  : S extends readonly [...infer Lead extends Shape, infer K extends Dim]
    ? W extends readonly [infer Out extends Dim, infer In extends Dim]
      ? Features<S, W, K, In, WithBias<B, Out, [...Lead, Out]>>
      : W extends readonly [infer In extends Dim]
        ? Features<S, W, K, In, Lead>
        : Mismatch<`linear: the weight must be [outputs, inputs], it is ${Show<W>}`>
    : Mismatch<"linear: the left side is a scalar; use T.mul">
type Features<S extends Shape, W extends Shape, K extends Dim, In extends Dim, R> =
  Same<K, In> extends true
    ? R
    : Mismatch<`linear: ${Show<S>} by the weight ${Show<W>}: the features ${ShowDim<K>} and ${ShowDim<In>} differ`>
type WithBias<B, Out extends Dim, R> = B extends readonly [infer N extends Dim]
  ? Same<N, Out> extends true
    ? R
    : Mismatch<`linear: the bias must be [${ShowDim<Out>}], it is ${Show<B>}`>
  : R

/** The shape of a product added to something, or the sentence. */
export type AddmmRule<
  C extends Shape,
  D extends DType,
  A extends Shape,
  E extends DType,
  B extends Shape,
  F extends DType
> = SameDType<
  "addmm",
  D,
  E,
  MatMulRule<A, E, B, F> extends infer R
    ? R extends Shape
      ? Repeats<C, R> extends true
        ? R
        : Mismatch<`addmm: ${Show<C>} does not broadcast to the product ${Show<R>}`>
      : R
    : never
>

/** The shape of the inner product over the last axes, or the sentence. */
export type InnerRule<S extends Shape, D extends DType, W extends Shape, E extends DType> = SameDType<
  "inner",
  D,
  E,
  Accepts<"inner", "float", D, InnerShape<S, W>>
>
type InnerShape<S extends Shape, W extends Shape> = number extends S["length"] | W["length"]
  ? Shape
  : S extends readonly [...infer L extends Shape, infer K extends Dim]
    ? W extends readonly [...infer M extends Shape, infer K2 extends Dim]
      ? Same<K, K2> extends true
        ? [...L, ...M]
        : Mismatch<`inner: ${Show<S>} and ${Show<W>}: the last dimensions ${ShowDim<K>} and ${ShowDim<K2>} differ`>
      : S
    : W

/** Which axes are paired: the last of one with the first of the other, or those that are listed. */
export type PairedAxes = number | readonly [ReadonlyArray<number>, ReadonlyArray<number>]

interface LastAxes {
  readonly 0: []
  readonly 1: [-1]
  readonly 2: [-2, -1]
  readonly 3: [-3, -2, -1]
  readonly 4: [-4, -3, -2, -1]
}
interface FirstAxes {
  readonly 0: []
  readonly 1: [0]
  readonly 2: [0, 1]
  readonly 3: [0, 1, 2]
  readonly 4: [0, 1, 2, 3]
}

/** The shape of sums of products over pairs of axes, or the sentence. */
export type TensordotRule<
  S extends Shape,
  D extends DType,
  W extends Shape,
  E extends DType,
  X extends PairedAxes
> = SameDType<"tensordot", D, E, Accepts<"tensordot", "float", D, TensordotShape<S, W, X>>>
type TensordotShape<S extends Shape, W extends Shape, X extends PairedAxes> = number extends S["length"] | W["length"]
  ? Shape
  : X extends keyof LastAxes
    ? [LastAxes[X], FirstAxes[X]] extends [infer A extends ReadonlyArray<number>, infer B extends ReadonlyArray<number>]
      ? Paired<S, W, A, B>
      : Shape
    : X extends readonly [infer A extends ReadonlyArray<number>, infer B extends ReadonlyArray<number>]
      ? number extends A["length"] | B["length"] | A[number] | B[number]
        ? Shape
        : Paired<S, W, A, B>
      : Shape
type Paired<S extends Shape, W extends Shape, A extends ReadonlyArray<number>, B extends ReadonlyArray<number>> =
  Reduced<"tensordot", S, A, false> extends infer L
    ? L extends Shape
      ? Reduced<"tensordot", W, B, false> extends infer R
        ? R extends Shape
          ? [SizesOf<S, A>, SizesOf<W, B>] extends [infer P extends Shape, infer Q extends Shape]
            ? Pairs<P, Q> extends true
              ? [...L, ...R]
              : Mismatch<`tensordot: axes ${Show<A>} of ${Show<S>} and ${Show<B>} of ${Show<W>} do not pair`>
            : Shape
          : R
        : never
      : L
    : never
type SizesOf<S extends Shape, A extends ReadonlyArray<number>> = { [K in keyof A]: DimAt<S, A[K]> }
type Pairs<P extends Shape, Q extends Shape> = P extends readonly [infer A extends Dim, ...infer R extends Shape]
  ? Q extends readonly [infer B extends Dim, ...infer T extends Shape]
    ? Same<A, B> extends true
      ? Pairs<R, T>
      : false
    : false
  : Q extends readonly []
    ? true
    : false

/** The shape of a Kronecker product: sizes multiplied, the smaller rank having ones in front. */
export type KronRule<S extends Shape, D extends DType, W extends Shape, E extends DType> = SameDType<
  "kron",
  D,
  E,
  Accepts<"kron", "number", D, KronShape<S, W>>
>
type KronShape<S extends Shape, W extends Shape, Tail extends Shape = []> = number extends S["length"] | W["length"]
  ? Shape
  : S extends readonly [...infer S1 extends Shape, infer A extends Dim]
    ? W extends readonly [...infer W1 extends Shape, infer B extends Dim]
      ? KronShape<S1, W1, [Times<A, B>, ...Tail]>
      : [...S, ...Tail]
    : [...W, ...Tail]

/** The shape of a product of many matrices, or the sentence of the first two that do not fit. */
export type MultiDotRule<Ts extends ReadonlyArray<AnyTensor>> = number extends Ts["length"]
  ? Shape
  : Ts extends readonly [Tensor<infer S extends Shape, infer _>, ...infer R extends ReadonlyArray<AnyTensor>]
    ? MultiplyAll<S, R>
    : Mismatch<"multiDot: no matrix was given">
/** `unknown`, or the sentence of a mistake at the first matrix that cannot be multiplied with the product of those before. */
export type MultiDotOperand<Ts extends ReadonlyArray<AnyTensor>, K> =
  MultiDotRule<Ts> extends Mismatch<infer M>
    ? K extends FirstWrong<Ts>
      ? M
      : unknown
    : K extends keyof Ts
      ? Ts[K] extends Tensor<Shape, infer E extends DType>
        ? Guard<SameDType<"matmul", FirstDType<Ts>, E, Accepts<"matmul", "float", E>>>
        : unknown
      : unknown

type FirstWrong<Ts extends ReadonlyArray<AnyTensor>> = Ts extends readonly [
  Tensor<infer S extends Shape, infer _>,
  ...infer R extends ReadonlyArray<AnyTensor>
]
  ? WrongAfter<S, R, [0]>
  : "0"
type WrongAfter<S, Ts extends ReadonlyArray<AnyTensor>, Count extends ReadonlyArray<0>> = Ts extends readonly [
  Tensor<infer W extends Shape, infer _>,
  ...infer R extends ReadonlyArray<AnyTensor>
]
  ? S extends Shape
    ? MatMul<S, W> extends infer P
      ? P extends Shape
        ? WrongAfter<P, R, [...Count, 0]>
        : `${Count["length"]}`
      : never
    : never
  : never

/** The element type of a list of tensors: that of the first. */
export type FirstDType<Ts extends ReadonlyArray<AnyTensor>> = Ts extends readonly [
  Tensor<Shape, infer D extends DType>,
  ...ReadonlyArray<AnyTensor>
]
  ? D
  : Ts[number]["dtype"]

type MultiplyAll<S, Ts extends ReadonlyArray<AnyTensor>> = S extends Shape
  ? Ts extends readonly [Tensor<infer W extends Shape, infer _>, ...infer R extends ReadonlyArray<AnyTensor>]
    ? MultiplyAll<MatMul<S, W>, R>
    : S
  : S

/** The shape of cross products along an axis, or the sentence. */
export type CrossRule<S extends Shape, D extends DType, B extends Shape, E extends DType, A extends number> =
  BinaryRule<"cross", "number", S, D, B, E> extends infer R
    ? R extends Shape
      ? number extends R["length"] | A
        ? Shape
        : Reduced<"cross", R, A, false> extends Mismatch<infer M>
          ? Mismatch<M>
          : Same<DimAt<R, A>, 3> extends true
            ? R
            : Mismatch<`cross: axis ${A} of ${Show<R>} has size ${ShowDim<DimAt<R, A>>}, not 3`>
      : R
    : never
