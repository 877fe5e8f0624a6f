/** The shift that keeps sums of exponentials finite. */
import { operations as ops } from "../operations.ts"
import { expandReduced } from "../primitives/reduction.ts"
import type { AnyTensor } from "../tensor.ts"

/** A reduced tensor repeated along the axes it was reduced over. */
export const spread = (y: AnyTensor, x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor =>
  expandReduced(ops, y, x.shape, axes)

/**
 * The maximum along axes as a constant, to subtract before an exponential: shifting changes no softmax. A row of
 * -Infinity only would give -Infinity - -Infinity = NaN: such rows are shifted by 0 instead.
 */
export const shiftOf = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor => {
  const top = ops.stopGradient(ops.reduceMax(x, axes))
  return ops.select(ops.eq(top, ops.full(top.shape, -Infinity, top.dtype)), 0, top)
}
