import type { Operations } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { type RowAxis, rows } from "./rows.ts"

/** Which of the indices write last into their rows, of a base with `size` rows. */
const winners = (ops: Operations, indices: AnyTensor, size: number): AnyTensor => {
  const order = ops.reshape(ops.iota([sizeOf(indices.shape)], 0, "i32"), indices.shape)
  const none = ops.full([size], 0, "i32")
  const [last = none] = ops.scatter([none, indices, order], { axis: 0 })
  return ops.eq(ops.gather(last, indices, 0), order)
}

/** Writes rows into a base at indices along an axis, in the order of the indices: of several for one row the last stays. */
export const scatter: Primitive<RowAxis> = rows({
  name: "scatter",
  summary: "Writes rows into a base at indices along an axis.",
  equation: "y = x; y[i, n[j], k] = u[i, j, k]",
  derivative:
    "x_bar = y_bar but 0 in written rows, u_bar[i, j, k] = y_bar[i, n[j], k] if j is the last that writes row n[j], else 0",
  conventions:
    "Of several rows for one index the last stays, and it alone has a derivative. Negative indices count from the back; an index out of range writes the nearest row.",
  write: (_, update) => update,
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [base, indices, updates], attributes: { axis } }, [g]) => {
      if (g === undefined || base === undefined || indices === undefined || updates === undefined) return []
      const [kept = g] = ops.scatter([g, indices, ops.full(updates.shape, 0, g.dtype)], { axis })
      // One flag per index, repeated over the rest of its row.
      const last = ops.reshape(
        winners(ops, indices, base.shape[axis] ?? 1),
        updates.shape.map((n, d) => (d >= axis && d < axis + indices.shape.length ? n : 1))
      )
      return [kept, undefined, ops.select(last, ops.gather(g, indices, axis), 0)]
    }
  }
})
