/** The typed forms of elementwise operations beside those of face.ts: with options, with three operands, with a bool result. */
import { broadcastShapes } from "./axes.ts"
import { checkSameDType, type Domain, type DType } from "./dtype.ts"
import { type Accepts, type BinaryRule, checkOperand, face, faceWithOptions, type Unary } from "./face.ts"
import type { Guard, Shape } from "./shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "./tensor.ts"

/** A tensor, or a number that fits every shape and element type. */
export type Operand = AnyTensor | number

/**
 * Elementwise operations on one operand, with options: `f(x)`, `f(x, options)`, and `f()` or `f(options)` in a pipe. As
 * with `softmax`, `pipe(x, f)` without a call works but loses the shape in the types.
 */
export interface WithOptions<Op extends string, In extends Domain, O> {
  (): Unary<Op, In>
  (options: O): Unary<Op, In>
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Accepts<Op, In, D>>, options?: O): Tensor<S, D>
}

/** Elementwise operations on one operand that are mostly used without their options: `f(x)`, `f(x, options)`, `pipe(x, f)`. */
export interface WithRareOptions<Op extends string, In extends Domain, O> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Accepts<Op, In, D>>, options?: O): Tensor<S, D>
}

/** A unary operation with options under its public name. */
export const withOptions = <Op extends string, In extends Domain, O extends object>(
  operation: Op,
  domain: In,
  body: (x: AnyTensor, options: Partial<O>) => AnyTensor
): WithOptions<Op, In, O> =>
  faceWithOptions((x: AnyTensor, options: Partial<O> = {}) => {
    checkOperand(operation, domain, x)
    return body(x, options)
  })

/** Questions about every element. */
export interface Predicate<Op extends string, In extends Domain> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Accepts<Op, In, D>>): Tensor<S, "bool">
}

/** A question under its public name. */
export const predicate = <Op extends string, In extends Domain>(
  operation: Op,
  domain: In,
  body: (x: AnyTensor) => AnyTensor
): Predicate<Op, In> =>
  face(1, (x: AnyTensor) => {
    checkOperand(operation, domain, x)
    return body(x)
  })

/** The shape after one more operand has broadcast with a shape that may already be a sentence. */
export type WithOperand<Op extends string, In extends Domain, R, D extends DType, X> = R extends Shape
  ? X extends Tensor<infer B, infer E>
    ? BinaryRule<Op, In, R, D, B, E>
    : Accepts<Op, In, D, R>
  : R

/** The shape of an operation on three operands that broadcast, two of which may be numbers, or the sentence. */
export type TernaryRule<Op extends string, In extends Domain, S extends Shape, D extends DType, X, Y> = WithOperand<
  Op,
  In,
  WithOperand<Op, In, S, D, X>,
  D,
  Y
>

/** An operation on three operands that holds the last two and waits for the first. */
export interface TernaryBy<Op extends string, In extends Domain, X, Y> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<TernaryRule<Op, In, S, D, X, Y>>
  ): TensorOf<TernaryRule<Op, In, S, D, X, Y>, D>
}

/** Elementwise operations on three operands that broadcast; the last two may be numbers. */
export interface Ternary<Op extends string, In extends Domain> {
  <const X extends Operand, const Y extends Operand>(x: X, y: Y): TernaryBy<Op, In, X, Y>
  <S extends Shape, D extends DType, const X extends Operand, const Y extends Operand>(
    self: Tensor<S, D> & Guard<X extends number ? Accepts<Op, In, D> : unknown>,
    x: X & Guard<WithOperand<Op, In, S, D, X>>,
    y: Y & Guard<TernaryRule<Op, In, S, D, X, Y>>
  ): TensorOf<TernaryRule<Op, In, S, D, X, Y>, D>
}

/** Throws the sentence of the types unless operands have an accepted type and broadcast, one after the other. */
export const checkOperands = (
  operation: string,
  domain: Domain,
  x: AnyTensor,
  others: ReadonlyArray<unknown>
): void => {
  checkOperand(operation, domain, x)
  let shape = x.shape
  for (const other of others) {
    if (typeof other === "number") continue
    if (isTensor(other)) checkSameDType(operation, x.dtype, other.dtype)
    checkOperand(operation, domain, other)
    if (isTensor(other)) shape = broadcastShapes(operation, shape, other.shape)
  }
}

/** An operation on three operands under its public name. */
export const ternary = <Op extends string, In extends Domain>(
  operation: Op,
  domain: In,
  body: (a: AnyTensor, x: Operand, y: Operand) => AnyTensor
): Ternary<Op, In> =>
  face(3, (a: AnyTensor, x: Operand, y: Operand) => {
    checkOperands(operation, domain, a, [x, y])
    return body(a, x, y)
  })
