import { checkSizes } from "../axes.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { reshapeView } from "../view.ts"
import { operand } from "./elementwise.ts"

/** The same elements, in the same row-major order, under another shape. */
export const reshape: Primitive<{ readonly shape: ReadonlyArray<number> }> = {
  name: "reshape",
  form: { operands: 1, regions: 0, attributes: { shape: "integers" } },
  document: {
    summary: "The same elements in row-major order under another shape.",
    equation: "y[j] = x[i], equal row-major positions",
    derivative: "x_bar = y_bar under the shape of x",
    conventions: "The sizes multiply to the same number."
  },
  infer: ([x], { shape }) => {
    if (x === undefined) throw new ShapeError("reshape: no operand was given")
    if (sizeOf(x.shape) !== sizeOf(checkSizes("reshape", shape))) {
      throw new ShapeError(
        `reshape: ${showShape(x.shape)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} needs ${sizeOf(shape)}`
      )
    }
    return [{ shape, dtype: x.dtype }]
  },
  evaluate: ([x]) => [x?.data ?? new Float64Array(0)],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x] }, [g]) => (x === undefined || g === undefined ? [] : [ops.reshape(g, x.shape)])
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => [t === undefined ? undefined : ops.reshape(t, attributes.shape)]
  },
  batch: (ops, operands, { shape }, size) => [ops.reshape(operand(operands, 0).tensor, [size, ...shape])],
  lower: { tag: "view", view: (input, { shape }) => reshapeView(input, shape) },
  samples: [{ operands: [{ shape: [3, 4], low: -1, high: 1 }], attributes: { shape: [2, 6] } }]
}
