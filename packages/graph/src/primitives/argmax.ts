import { dropAxes } from "../axes.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"

/** The index of the first largest element along an axis, as i32; a NaN counts as the largest. */
export const argmax: Primitive<{ readonly axis: number }> = {
  name: "argmax",
  form: { operands: 1, regions: 0, attributes: { axis: "integer" } },
  document: {
    summary: "The index of the first largest element along an axis.",
    equation: "y = min {i : x_i = max_j x_j}",
    derivative: "none: an index is constant almost everywhere",
    conventions:
      "The first of equal elements is taken; a NaN counts as the largest, and the first NaN is taken. An empty axis is refused."
  },
  infer: ([x], { axis }) => {
    if (x === undefined || axis < 0 || axis >= x.shape.length)
      throw new ShapeError(`argmax: axis ${axis} does not exist in ${showShape(x?.shape ?? [])}`)
    if (x.shape[axis] === 0)
      throw new ShapeError(`argmax: axis ${axis} of ${showShape(x.shape)} is empty, it has no largest element`)
    if (x.dtype === "bool") throw new DTypeError("argmax: defined for numbers, got bool; use T.cast")
    return [{ shape: dropAxes(x.shape, [axis]), dtype: "i32" }]
  },
  evaluate: ([x], { axis }, [y]) => {
    const out = new Float64Array(sizeOf(y?.shape ?? []))
    if (x === undefined) return [out]
    const inner = sizeOf(x.shape.slice(axis + 1))
    const size = x.shape[axis] ?? 0
    for (let o = 0; o < out.length; o++) {
      const start = Math.floor(o / inner) * size * inner + (o % inner)
      let best = 0
      for (let i = 1; i < size; i++) {
        const current = x.data[start + best * inner] ?? 0
        const next = x.data[start + i * inner] ?? 0
        if (next > current || (Number.isNaN(next) && !Number.isNaN(current))) best = i
      }
      out[o] = best
    }
    return [out]
  },
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: (ops, operands, { axis }) => [ops.argmax(operand(operands, 0).tensor, axis + 1)],
  lower: { tag: "structure", form: "argmax" },
  samples: [{ operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axis: 1 } }]
}
