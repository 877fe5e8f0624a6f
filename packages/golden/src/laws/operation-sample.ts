/** Samples of the public operations: what the laws of `T` are checked on. */
import { type AnyTensor, type Float, type SampleOperand, type Shape, T, type Tensor, Tree } from "@cotangent/graph"
import type { Subject } from "./subjects.ts"

/** The name of a function in the namespace T. */
export type OperationName = keyof typeof T

/** A float operand of a sample. */
export type F = Tensor<Shape, Float>
/** An operand of a sample that is a list of indices. */
export type I = Tensor<Shape, "i32">
/** An operand of a sample that is a mask. */
export type B = Tensor<Shape, "bool">

/** A sample of a public operation. */
export interface OperationSample extends Subject {
  readonly operation: OperationName
}

/**
 * A sample of an operation: `sample("add", "scalar", [floats(-1, 1, 3)], (x: F) => T.add(x, 1))`. The function is called
 * with tensors of the operands, floats being f32 and f64 in turn, and gives a tensor or a tree of tensors.
 */
export const sample = (
  operation: OperationName,
  name: string,
  operands: ReadonlyArray<SampleOperand>,
  f: (...operands: ReadonlyArray<never>) => unknown,
  rest: Pick<Subject, "only" | "except" | "result"> = {}
): OperationSample => ({
  operation,
  name: `T.${operation}/${name}`,
  operands,
  // The function's parameters have the types of the operands that stand beside it.
  apply: (xs: ReadonlyArray<AnyTensor>) => Tree.leaves(f(...(xs as ReadonlyArray<never>))),
  ...rest
})
