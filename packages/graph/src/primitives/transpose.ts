import { inversePermutation } from "../axes.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { HostArray, Primitive } from "../primitive.ts"
import type { View } from "../view.ts"
import { contiguous } from "../view.ts"
import { operand } from "./elementwise.ts"

/** Reads a host array through a view, row-major in the view's shape. */
export const readView = (x: HostArray | undefined, view: View): Float64Array => {
  const n = view.shape.reduce((a, b) => a * b, 1)
  const out = new Float64Array(n)
  const index = new Array<number>(view.shape.length).fill(0)
  let position = view.offset
  for (let i = 0; i < n; i++) {
    out[i] = x?.data[position] ?? 0
    for (let d = view.shape.length - 1; d >= 0; d--) {
      const next = (index[d] ?? 0) + 1
      position += view.strides[d] ?? 0
      index[d] = next
      if (next < (view.shape[d] ?? 0)) break
      position -= next * (view.strides[d] ?? 0)
      index[d] = 0
    }
  }
  return out
}

/** The view with its dimensions in another order. */
const permuted = (view: View, permutation: ReadonlyArray<number>): View => ({
  shape: permutation.map((d) => view.shape[d] ?? 0),
  strides: permutation.map((d) => view.strides[d] ?? 0),
  offset: view.offset
})

/** The dimensions in another order: axis d of the result is axis `permutation[d]` of the operand. */
export const transpose: Primitive<{ readonly permutation: ReadonlyArray<number> }> = {
  name: "transpose",
  form: { operands: 1, regions: 0, attributes: { permutation: "integers" } },
  document: {
    summary: "The dimensions in another order.",
    equation: "y[i_p0, i_p1, ...] = x[i_0, i_1, ...]",
    derivative: "x_bar = y_bar under the inverse permutation",
    conventions: "Every dimension is named once."
  },
  infer: ([x], { permutation }) => {
    if (x === undefined) throw new ShapeError("transpose: no operand was given")
    if (permutation.length !== x.shape.length || permutation.toSorted((a, b) => a - b).some((p, d) => p !== d)) {
      throw new ShapeError(
        `transpose: ${showShape(permutation)} is not a permutation of the ${x.shape.length} axes of ${showShape(x.shape)}`
      )
    }
    return [{ shape: permutation.map((d) => x.shape[d] ?? 0), dtype: x.dtype }]
  },
  evaluate: ([x], { permutation }) => [readView(x, permuted(contiguous(x?.shape ?? []), permutation))],
  reverse: {
    tag: "rule",
    pullback: (ops, { attributes }, [g]) =>
      g === undefined ? [] : [ops.transpose(g, inversePermutation(attributes.permutation))]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => [t === undefined ? undefined : ops.transpose(t, attributes.permutation)]
  },
  batch: (ops, operands, { permutation }) => [
    ops.transpose(operand(operands, 0).tensor, [0, ...permutation.map((d) => d + 1)])
  ],
  lower: { tag: "view", view: (input, { permutation }) => permuted(input, permutation) },
  samples: [{ operands: [{ shape: [2, 3, 4], low: -1, high: 1 }], attributes: { permutation: [2, 0, 1] } }]
}
