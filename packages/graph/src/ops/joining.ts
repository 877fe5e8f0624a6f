/** Several tensors as one. */
import { normalizeAxis } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { face, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Concatenated } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"

/** The shape of two tensors joined along the last axis, or the sentence. */
export type ConcatRule<A extends Shape, D extends DType, B extends Shape, E extends DType> = SameDType<
  "concat",
  D,
  E,
  Concatenated<A, B>
>

/** A join that holds the right side and waits for the left one. */
export interface ConcatBy<B extends Shape, E extends DType> {
  <A extends Shape, D extends DType>(
    self: Tensor<A, D> & Guard<ConcatRule<A, D, B, E>>
  ): TensorOf<ConcatRule<A, D, B, E>, D>
}

/** Joins along the last axis. */
export const concat: {
  <B extends Shape, E extends DType>(that: Tensor<B, E>): ConcatBy<B, E>
  <A extends Shape, D extends DType, B extends Shape, E extends DType>(
    self: Tensor<A, D>,
    that: Tensor<B, E> & Guard<ConcatRule<A, D, B, E>>
  ): TensorOf<ConcatRule<A, D, B, E>, D>
} = face(2, (a: AnyTensor, b: AnyTensor) => {
  checkSameDType("concat", a.dtype, b.dtype)
  return ops.concat([a, b], a.shape.length - 1)
})

/** Joins any number of tensors along an axis; the result's sizes are unknown to the types. */
export const concatAll = <D extends DType>(tensors: ReadonlyArray<Tensor<Shape, D>>, axis = 0): Tensor<Shape, D> => {
  const [first] = tensors
  if (first === undefined) throw new ShapeError("concatAll: no tensor was given")
  return ops.concat(tensors, normalizeAxis("concatAll", first.shape, axis)) as Tensor<Shape, D>
}

/** Joins tensors of one shape along a new first axis. */
export const stack = <S extends Shape, D extends DType>(
  tensors: ReadonlyArray<Tensor<S, D>>
): Tensor<[number, ...S], D> => {
  const [first] = tensors
  if (first === undefined) throw new ShapeError("stack: no tensor was given")
  for (const x of tensors) {
    if (showShape(x.shape) !== showShape(first.shape)) {
      throw new ShapeError(`stack: ${showShape(first.shape)} with ${showShape(x.shape)}: the shapes must be equal`)
    }
  }
  const rows = tensors.map((x) => ops.reshape(x, [1, ...x.shape]))
  return ops.concat(rows, 0) as Tensor<[number, ...S], D>
}
