/** Values between two bounds, with the two conventions there are for the derivative at a bound. Not public. */
import type { Operand } from "../elementwise-face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { tensorLike } from "./signed.ts"

/** x moved up to a bound and then down to another; at the bounds the derivative passes to x. */
export const clampBetween = (x: AnyTensor, min: Operand | undefined, max: Operand | undefined): AnyTensor => {
  const raised = min === undefined ? x : ops.select(ops.lt(x, tensorLike(x, min)), tensorLike(x, min), x)
  if (max === undefined) return raised
  const limit = tensorLike(x, max)
  return ops.select(ops.lt(limit, raised), limit, raised)
}

/** x between two numbers; at them the derivative is 0. */
export const cutBetween = (x: AnyTensor, min: number, max: number): AnyTensor =>
  ops.select(ops.le(x, min), min, ops.select(ops.le(ops.full([], max, x.dtype), x), max, x))
