/** The sides of a matrix: statistics of its rows among each other and of its columns, which Shampoo and SOAP keep. */
import { type AnyTensor, operations as ops, type Tensor } from "@cotangent/graph"
import { identityMatrix, sizesOf } from "./matrix.ts"

/** Something for each side; `undefined` for a side that is left alone. */
export interface Sides<A> {
  readonly left: A | undefined
  readonly right: A | undefined
}

/**
 * The sizes of the sides of a parameter that are looked at: both of a matrix, one of a vector or a number, and none that is
 * larger than `largest`.
 */
export const sidesOf = (leaf: AnyTensor, largest: number): Sides<number> => {
  const [rows, columns] = sizesOf(leaf)
  const within = (size: number): number | undefined => (size <= largest ? size : undefined)
  return { left: leaf.shape.length >= 2 ? within(rows) : undefined, right: within(columns) }
}

/** A multiple of the identity for a side, or the number 0 in place of a matrix where the side is left alone. */
export const initialSide = (size: number | undefined, scale: number, { dtype }: AnyTensor): AnyTensor =>
  size === undefined ? ops.full([], 0, dtype) : ops.mul(identityMatrix(size, dtype), scale)

/** Whether a scalar that is 0 or 1 is 1. */
export const isSet = (x: AnyTensor): Tensor<[], "bool"> =>
  // The comparison of two scalars.
  ops.lt(ops.full([], 0.5, x.dtype), x) as Tensor<[], "bool">
