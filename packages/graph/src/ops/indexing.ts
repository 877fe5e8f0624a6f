/** Parts of tensors: cutting, padding, taking rows, choosing element by element. */
import { broadcastShapes } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import { checkOperand, face, faceWithOptions, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Broadcast, BroadcastWith, Sliced } from "../shape-rules.ts"
import type { Guard, Mismatch, Shape } from "../shape.ts"
import type { Cut } from "../cut-rules.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { boundsOf } from "./index-plan.ts"

export type { Cut } from "../cut-rules.ts"

/** A cut that waits for its operand. */
export interface SliceBy<C extends ReadonlyArray<Cut>> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Sliced<S, C>>): TensorOf<Sliced<S, C>, D>
}

/**
 * Cuts axes: `T.slice(x, [{ start: 1 }, { end: -1 }])`; axes not named stay whole. Cuts are Python's: negative positions
 * count from the back, positions beyond the axis are moved to its ends, and a negative step goes backwards,
 * `{ step: -1 }` through all of the axis. A view: no element moves. Throws a ShapeError for more cuts than axes, and for
 * steps of 0.
 */
export const slice: {
  <const C extends ReadonlyArray<Cut>>(cuts: C): SliceBy<C>
  <S extends Shape, D extends DType, const C extends ReadonlyArray<Cut>>(
    self: Tensor<S, D>,
    cuts: C & Guard<Sliced<S, C>>
  ): TensorOf<Sliced<S, C>, D>
} = face(2, (x: AnyTensor, cuts: ReadonlyArray<Cut>) => {
  if (cuts.length > x.shape.length) {
    throw new ShapeError(`slice: ${cuts.length} cuts for the ${x.shape.length} axes of ${showShape(x.shape)}`)
  }
  const bounds = x.shape.map((size, d) => boundsOf(cuts[d] ?? {}, size))
  return ops.slice(x, {
    start: bounds.map(([start]) => start),
    limit: bounds.map(([, limit]) => limit),
    step: bounds.map(([, , step]) => step)
  })
})

/** `R` when indices are i32, else the sentence. */
type Indexed<Op extends string, E extends DType, R> = DType extends E
  ? R
  : [E] extends ["i32"]
    ? R
    : Mismatch<`${Op}: indices must be i32, they are ${E}; use T.cast`>

const checkIndices = (operation: string, indices: AnyTensor): void => {
  checkOperand(operation, "any", indices)
  if (indices.dtype !== "i32") {
    throw new DTypeError(`${operation}: indices must be i32, they are ${indices.dtype}; use T.cast`)
  }
}

/** A one-hot coding that holds the number of classes and waits for the indices. */
export interface OneHotOf<C extends number, D extends DType> {
  <S extends Shape, E extends DType>(self: Tensor<S, E> & Guard<Indexed<"oneHot", E, S>>): Tensor<[...S, C], D>
}

/** 1 at the index, 0 elsewhere, along a new last axis of size `classes`; an index out of range gives zeros. */
export const oneHot: {
  <const C extends number, D extends DType = "f32">(classes: C, dtype?: D): OneHotOf<C, D>
  <S extends Shape, E extends DType, const C extends number, D extends DType = "f32">(
    self: Tensor<S, E> & Guard<Indexed<"oneHot", E, S>>,
    classes: C,
    dtype?: D
  ): Tensor<[...S, C], D>
} = faceWithOptions((indices: AnyTensor, classes: number, dtype: DType = "f32") =>
  ops.cast(isClass(indices, classes), dtype)
)

/** Whether class c is the label, along a new last axis: the mask form of one-hot. */
const isClass = (indices: AnyTensor, classes: number): AnyTensor => {
  checkIndices("oneHot", indices)
  const shape = [...indices.shape, classes]
  const labels = ops.broadcast(ops.reshape(indices, [...indices.shape, 1]), shape)
  return ops.eq(labels, ops.iota(shape, shape.length - 1, "i32"))
}

type Operand = AnyTensor | number
type ShapeOfOperand<X> = X extends Tensor<infer S, DType> ? S : []
type DTypeOfOperands<A, B> = A extends Tensor<Shape, infer D> ? D : B extends Tensor<Shape, infer E> ? E : "f32"

/** `R` when the condition is bool, else the sentence. */
type Condition<E extends DType, R = unknown> = DType extends E
  ? R
  : [E] extends ["bool"]
    ? R
    : Mismatch<`where: the condition must be bool, it is ${E}; compare it with something`>

/** The shape of a choice between two operands, or the sentence. */
export type WhereRule<C extends Shape, A, B> = SameDType<
  "where",
  DTypeOfOperands<A, B>,
  DTypeOfOperands<B, A>,
  BroadcastWith<"where", C, Broadcast<"where", ShapeOfOperand<A>, ShapeOfOperand<B>>>
>

/** A choice that holds its operands and waits for the condition. */
export interface WhereBy<A, B> {
  <C extends Shape, E extends DType>(
    condition: Tensor<C, E> & Guard<Condition<E, WhereRule<C, A, B>>>
  ): TensorOf<WhereRule<C, A, B>, DTypeOfOperands<A, B>>
}

/** `a` where the condition holds, else `b`; either may be a number. */
export const where: {
  <const A extends Operand, const B extends Operand>(a: A, b: B): WhereBy<A, B>
  <C extends Shape, E extends DType, const A extends Operand, const B extends Operand>(
    condition: Tensor<C, E> & Guard<Condition<E>>,
    a: A & Guard<WhereRule<C, A, number>>,
    b: B & Guard<WhereRule<C, A, B>>
  ): TensorOf<WhereRule<C, A, B>, DTypeOfOperands<A, B>>
} = face(3, (condition: AnyTensor, a: Operand, b: Operand) => {
  checkOperand("where", "any", condition)
  if (condition.dtype !== "bool") {
    throw new DTypeError(`where: the condition must be bool, it is ${condition.dtype}; compare it with something`)
  }
  if (isTensor(a) && isTensor(b)) checkSameDType("where", a.dtype, b.dtype)
  const shapes = [a, b].map((x) => (isTensor(x) ? x.shape : []))
  broadcastShapes("where", condition.shape, broadcastShapes("where", shapes[0] ?? [], shapes[1] ?? []))
  return ops.select(condition, a, b)
})
