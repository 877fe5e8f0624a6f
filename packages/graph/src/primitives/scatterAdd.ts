import type { Primitive } from "../primitive.ts"
import { type RowAxis, rows } from "./rows.ts"

/** Adds rows to a base at indices along an axis, in the order of the indices: the transpose of gather. */
export const scatterAdd: Primitive<RowAxis> = rows({
  name: "scatterAdd",
  summary: "Adds rows to a base at indices along an axis.",
  equation: "y = x; y[i, n[j], k] += u[i, j, k]",
  derivative: "x_bar = y_bar, u_bar[i, j, k] = y_bar[i, n[j], k]",
  conventions:
    "Rows are added in the order of their indices, one after the other. Negative indices count from the back; an index out of range adds to the nearest row, from which gather takes.",
  write: (old, update) => old + update,
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [, indices], attributes: { axis } }, [g]) =>
      g === undefined || indices === undefined ? [] : [g, undefined, ops.gather(g, indices, axis)]
  }
})
