/** Several tensors as one. */
import { normalizeAxis } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type AxisOption, face, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Concatenated, Expanded } from "../shape-rules.ts"
import type { Guard, Mismatch, Shape, Show } from "../shape.ts"
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

/** The number of tensors in a list, `number` when it is unknown. */
type CountOf<X extends ReadonlyArray<unknown>> = X["length"]

/** The shape with a new axis for a number of tensors, or the sentence. */
export type StackRule<S extends Shape, N extends number, A extends number> = number extends S["length"] | A
  ? Shape
  : Expanded<S, A, N> extends Mismatch<string>
    ? Mismatch<`stack: axis ${A} does not exist after adding one to ${Show<S>}`>
    : Expanded<S, A, N>

/**
 * Joins tensors of one shape along a new axis, the first of the result unless given: torch.stack. Throws a ShapeError for an
 * empty list, for shapes that differ, and for an axis that the result does not have.
 *
 * ```ts
 * const y = T.stack([T.ones([3]), T.zeros([3])], { axis: -1 })          // Tensor<[3, 2]>
 * ```
 */
export const stack = <
  S extends Shape,
  D extends DType,
  const X extends ReadonlyArray<Tensor<S, D>>,
  const A extends number = 0
>(
  tensors: X & ReadonlyArray<Tensor<S, D>>,
  options?: AxisOption<A> & Guard<StackRule<S, CountOf<X>, A>>
): TensorOf<StackRule<S, CountOf<X>, A>, D> => {
  const list: ReadonlyArray<AnyTensor> = tensors
  const [first] = list
  if (first === undefined) throw new ShapeError("stack: no tensor was given")
  for (const x of list) {
    if (showShape(x.shape) !== showShape(first.shape)) {
      throw new ShapeError(`stack: ${showShape(first.shape)} with ${showShape(x.shape)}: the shapes must be equal`)
    }
  }
  const given = options?.axis ?? 0
  const axis = given < 0 ? given + first.shape.length + 1 : given
  if (!Number.isInteger(axis) || axis < 0 || axis > first.shape.length)
    throw new ShapeError(`stack: axis ${given} does not exist after adding one to ${showShape(first.shape)}`)
  const rows = list.map((x) => ops.reshape(x, x.shape.toSpliced(axis, 0, 1)))
  return ops.concat(rows, axis) as TensorOf<StackRule<S, CountOf<X>, A>, D>
}
