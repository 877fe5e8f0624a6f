/** Tensors from numbers on the host. */
import { checkSizes } from "../axes.ts"
import type { DType, HostArrays } from "../dtype.ts"
import { ShapeError } from "../errors.ts"
import { face } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Mismatch, Mutable, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { fromNested, isValue, type Nested, of, type Value } from "../value.ts"

/** The shape of nested literals: `[[1, 2, 3], [4, 5, 6]]` is `[2, 3]`; the sentence when rows differ in length. */
export type ShapeOfNested<N> = [Nested] extends [N]
  ? Shape
  : N extends ReadonlyArray<infer E>
    ? N extends readonly [infer H, ...ReadonlyArray<unknown>]
      ? [OtherLength<H, E>] extends [never]
        ? Lead<N["length"], ShapeOfNested<H>>
        : Mismatch<`value: a row of length ${OtherLength<H, E>} follows one of length ${LengthOf<H>}; rows must be equally long`>
      : Lead<number, ShapeOfNested<E>>
    : []
type LengthOf<N> = N extends ReadonlyArray<unknown> ? N["length"] : 0
type OtherLength<H, E> = number extends LengthOf<E> ? never : Exclude<LengthOf<E>, LengthOf<H>>
type Lead<N extends number, S> = S extends Shape ? [N, ...S] : S

/** A constant from a number or nested arrays, f32 unless a dtype is given: `T.constant([[1, 2], [3, 4]])`. */
export const constant: <const N extends Nested, D extends DType = "f32">(
  nested: N & Guard<ShapeOfNested<N>>,
  dtype?: D
) => TensorOf<ShapeOfNested<N>, D> = face(1, (nested: Nested, dtype?: DType) => ops.constant(fromNested(nested, dtype)))

/** A constant from a value on the host. */
export const fromValue = <S extends Shape, D extends DType>(value: Value<S, D>): Tensor<S, D> => {
  if (!isValue(value)) throw new ShapeError("fromValue: expected { shape, dtype, data }")
  // The value's own types are those of the constant made of it.
  return ops.constant(value) as Tensor<S, D>
}

/** The element type that a kind of typed array holds. */
export type DTypeOfArray<A> = { readonly [D in DType]: A extends HostArrays[D] ? D : never }[DType]

/** A constant from a typed array and a shape: `T.fromArray(new Float32Array(6), [2, 3])`. The array is not copied. */
export const fromArray: {
  <const S extends ReadonlyArray<number>, D extends DType>(
    data: HostArrays[D],
    shape: S,
    dtype: D
  ): Tensor<Mutable<S>, D>
  <const S extends ReadonlyArray<number>, A extends HostArrays[DType]>(
    data: A,
    shape: S
  ): Tensor<Mutable<S>, DTypeOfArray<A>>
} = face(1, (data: HostArrays[DType], shape: ReadonlyArray<number>, dtype?: DType) =>
  fromValue(of(data, shape, dtype ?? dtypeOf(data)))
)

const dtypeOf = (data: HostArrays[DType]): DType =>
  data instanceof Float32Array
    ? "f32"
    : data instanceof Float64Array
      ? "f64"
      : data instanceof Int32Array
        ? "i32"
        : data instanceof Uint32Array
          ? "u32"
          : "bool"

/** A tensor of one repeated number. */
export const full = <const S extends ReadonlyArray<number>, D extends DType = "f32">(
  shape: S,
  value: number,
  dtype?: D
): Tensor<Mutable<S>, D> => ops.full(checkSizes("full", shape), value, dtype ?? "f32") as Tensor<Mutable<S>, D>

/** Zeros. */
export const zeros = <const S extends ReadonlyArray<number>, D extends DType = "f32">(
  shape: S,
  dtype?: D
): Tensor<Mutable<S>, D> => full(shape, 0, dtype)

/** Ones. */
export const ones = <const S extends ReadonlyArray<number>, D extends DType = "f32">(
  shape: S,
  dtype?: D
): Tensor<Mutable<S>, D> => full(shape, 1, dtype)

/** Zeros of the shape and element type of another tensor. */
export const zerosLike = <S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> => like(x, 0)

/** Ones of the shape and element type of another tensor. */
export const onesLike = <S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> => like(x, 1)

const like = <X extends AnyTensor>(x: X, value: number): X => ops.full(x.shape, value, x.dtype) as X

/** `0, 1, ..., n - 1`, i32 unless a dtype is given. */
export const iota = <const N extends number, D extends DType = "i32">(n: N, dtype?: D): Tensor<[N], D> =>
  ops.iota(checkSizes("iota", [n]), 0, dtype ?? "i32") as Tensor<[N], D>
