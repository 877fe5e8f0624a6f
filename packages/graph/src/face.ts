/**
 * The typed face of untyped operations. Below this line shapes are numbers and every rule checks them again when a node
 * is built; above it they are types. A mistake has one sentence, whether the types or the run time find it: the
 * constructors here check under the operation's public name what its type checks.
 */
import { dual } from "effect/Function"
import { broadcastShapes, sameShape } from "./axes.ts"
import { checkDomain, checkSameDType, type Domain, type DType, type DTypesOf } from "./dtype.ts"
import { DTypeError } from "./errors.ts"
import type { AxisOf, Broadcast, MatMul, Reduced } from "./shape-rules.ts"
import type { Guard, Mismatch, Shape, ShowDims } from "./shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "./tensor.ts"

type Body = (...operands: ReadonlyArray<never>) => unknown
type Dual = (arity: number | ((operands: IArguments) => boolean), body: Body) => unknown

/**
 * Gives an untyped body its declared type, callable data-first and data-last. The cast is the one place where the
 * types of operations are asserted: `F`'s guards decide at compile time what the body's shape rule decides at run time.
 */
export const face = <F extends Body>(arity: number, body: Body): F =>
  (arity < 2 ? body : (dual as Dual)(arity, body)) as F

/** A face whose options are optional: data-first when the first argument is a tensor. */
export const faceWithOptions = <F extends Body>(body: Body): F =>
  (dual as Dual)((operands) => isTensor(operands[0]), body) as F

/** A face of two tensors and perhaps options: data-first when the second argument is a tensor. */
export const faceOfTwo = <F extends Body>(body: Body): F =>
  (dual as Dual)((operands) => isTensor(operands[1]), body) as F

/** A face that is data-first when a test of its arguments says so: of several tensors whose options are optional. */
export const faceWhen = <F extends Body>(dataFirst: (operands: IArguments) => boolean, body: Body): F =>
  (dual as Dual)(dataFirst, body) as F

/** `R` when the operation is defined for the element type, else the sentence. */
export type Accepts<Op extends string, In extends Domain, D extends DType, R = unknown> = DType extends D
  ? R
  : [D] extends [DTypesOf<In>[number]]
    ? R
    : Mismatch<`${Op}: defined for ${ShowDims<DTypesOf<In>>}, got ${D}; use T.cast`>

/** `R` when two element types are equal, else the sentence. */
export type SameDType<Op extends string, D extends DType, E extends DType, R> = DType extends D
  ? R
  : DType extends E
    ? R
    : [D, E] extends [E, D]
      ? R
      : Mismatch<`${Op}: ${D} with ${E}; cast one side with T.cast`>

/** The result shape of a binary operation, or the sentence. */
export type BinaryRule<
  Op extends string,
  In extends Domain,
  S extends Shape,
  D extends DType,
  B extends Shape,
  E extends DType
> = SameDType<Op, D, E, Accepts<Op, In, D, Broadcast<Op, S, B>>>

/** `unknown` when the right operand, a tensor or a number, fits; else the sentence. A number fits every shape. */
export type BinaryGuard<Op extends string, In extends Domain, S extends Shape, D extends DType, X> = Guard<
  X extends Tensor<infer B, infer E> ? BinaryRule<Op, In, S, D, B, E> : Accepts<Op, In, D>
>

/** The result of a binary operation. `Out` is its element type, or "same" for that of the operands. */
export type BinaryResult<
  Op extends string,
  In extends Domain,
  Out extends DType | "same",
  S extends Shape,
  D extends DType,
  X
> =
  X extends Tensor<infer B, infer E>
    ? TensorOf<BinaryRule<Op, In, S, D, B, E>, Out extends DType ? Out : D>
    : Tensor<S, Out extends DType ? Out : D>

/** A binary operation that holds its right operand and waits for the left one. */
export interface BinaryBy<Op extends string, In extends Domain, Out extends DType | "same", X> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & BinaryGuard<Op, In, S, D, X>
  ): BinaryResult<Op, In, Out, S, D, X>
}

/** Elementwise operations on two operands that broadcast. */
export interface Binary<Op extends string, In extends Domain = "number", Out extends DType | "same" = "same"> {
  <const X extends AnyTensor | number>(that: X): BinaryBy<Op, In, Out, X>
  <S extends Shape, D extends DType, const X extends AnyTensor | number>(
    self: Tensor<S, D> & Guard<X extends number ? Accepts<Op, In, D> : unknown>,
    that: X & (X extends number ? unknown : BinaryGuard<Op, In, S, D, X>)
  ): BinaryResult<Op, In, Out, S, D, X>
}

/** Throws unless a value is a tensor of the family: what the types know, for callers without types. */
export const checkOperand = (operation: string, domain: Domain, x: unknown): void => {
  if (!isTensor(x)) throw new DTypeError(`${operation}: needs a tensor, got ${typeof x}; make one with T.constant`)
  checkDomain(operation, domain, x.dtype)
}

/** A binary operation under its public name. */
export const binary = <Op extends string, In extends Domain = "number", Out extends DType | "same" = "same">(
  operation: Op,
  domain: In,
  body: (a: AnyTensor, b: AnyTensor | number) => AnyTensor
): Binary<Op, In, Out> =>
  face(2, (a: AnyTensor, b: AnyTensor | number) => {
    if (isTensor(a) && isTensor(b)) checkSameDType(operation, a.dtype, b.dtype)
    checkOperand(operation, domain, a)
    if (typeof b !== "number") {
      checkOperand(operation, domain, b)
      if (!sameShape(a.shape, b.shape)) broadcastShapes(operation, a.shape, b.shape)
    }
    return body(a, b)
  })

/** Elementwise operations on one operand. */
export interface Unary<Op extends string = string, In extends Domain = "any"> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Accepts<Op, In, D>>): Tensor<S, D>
}

/** A unary operation under its public name. */
export const unary = <Op extends string, In extends Domain>(
  operation: Op,
  domain: In,
  body: (x: AnyTensor) => AnyTensor
): Unary<Op, In> =>
  face(1, (x: AnyTensor) => {
    checkOperand(operation, domain, x)
    return body(x)
  })

/** The result shape of a matrix product, or the sentence. */
export type MatMulRule<A extends Shape, D extends DType, B extends Shape, E extends DType> = SameDType<
  "matmul",
  D,
  E,
  Accepts<"matmul", "float", D, MatMul<A, B>>
>

/** A matrix product that holds its right operand and waits for the left one. */
export interface MatMulBy<B extends Shape, E extends DType> {
  <A extends Shape, D extends DType>(
    self: Tensor<A, D> & Guard<MatMulRule<A, D, B, E>>
  ): TensorOf<MatMulRule<A, D, B, E>, D>
}

/** The matrix product. */
export interface MatrixProduct {
  <B extends Shape, E extends DType>(that: Tensor<B, E>): MatMulBy<B, E>
  <A extends Shape, D extends DType, B extends Shape, E extends DType>(
    self: Tensor<A, D>,
    that: Tensor<B, E> & Guard<MatMulRule<A, D, B, E>>
  ): TensorOf<MatMulRule<A, D, B, E>, D>
}

/** Which axes a reduction removes (all unless given), and whether they stay as size 1. */
export interface ReduceOptions<A, K> {
  readonly axis?: A
  readonly keepDims?: K
}

/** A reduction that holds its options and waits for its operand. */
export interface ReductionOver<Op extends string, In extends Domain, Out extends DType | "same", A, K> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<Op, In, D, Reduced<Op, S, A, K>>>
  ): TensorOf<Reduced<Op, S, A, K>, Out extends DType ? Out : D>
}

/** Reductions over axes. `Out` is the result's element type, the operand's own unless given. */
export interface Reduction<
  Op extends string,
  In extends Domain = "number",
  Out extends DType | "same" = "same",
  Axis extends number | ReadonlyArray<number> | undefined = number | ReadonlyArray<number> | undefined,
  Default extends Axis & (number | undefined) = Axis & undefined
> {
  <const A extends Axis = Default, const K extends boolean = false>(
    options?: ReduceOptions<A, K>
  ): ReductionOver<Op, In, Out, A, K>
  <S extends Shape, D extends DType, const A extends Axis = Default, const K extends boolean = false>(
    self: Tensor<S, D> & Guard<Accepts<Op, In, D>>,
    options?: ReduceOptions<A, K> & Guard<Reduced<Op, S, A, K>>
  ): TensorOf<Reduced<Op, S, A, K>, Out extends DType ? Out : D>
}

/** Options of operations along one axis, the last unless given. */
export interface AxisOption<A extends number = number> {
  readonly axis?: A
}

/** An operation along one axis that holds its options and waits for its operand. */
export interface AlongAxisBy<Op extends string, In extends Domain, A extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Accepts<Op, In, D, AxisOf<Op, S, A, S>>>): Tensor<S, D>
}

/** Operations along one axis that keep the shape. */
export interface AlongAxis<Op extends string, In extends Domain = "float"> {
  (): Unary<Op, In>
  <const A extends number = -1>(options: AxisOption<A>): AlongAxisBy<Op, In, A>
  <S extends Shape, D extends DType, const A extends number = -1>(
    self: Tensor<S, D> & Guard<Accepts<Op, In, D>>,
    options?: AxisOption<A> & Guard<AxisOf<Op, S, A, unknown>>
  ): Tensor<S, D>
}
