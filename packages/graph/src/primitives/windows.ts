import { ShapeError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { contiguous } from "../view.ts"
import { checkWindows, countsOf, layWindows, type Windows, windowsView } from "../windows.ts"
import { operand } from "./elementwise.ts"
import { readView } from "./transpose.ts"

/**
 * All windows of an array, one beside the other: a view. Axis d of the result counts the windows along axis d, and behind
 * all axes there is one more for the elements inside the windows along each of `axes`, in their order.
 */
export const windows: Primitive<Windows> = {
  name: "windows",
  form: {
    operands: 1,
    regions: 0,
    attributes: { axes: "integers", sizes: "integers", strides: "integers", dilations: "integers" }
  },
  document: {
    summary: "All windows along some axes, their elements along new last axes.",
    equation: "y[..., i, ..., k] = x[..., i stride + k dilation, ...]",
    derivative: "x_bar = overlapAdd(y_bar)",
    conventions:
      "There are floor((n - (size - 1) dilation - 1) / stride) + 1 windows, at least one; places behind the last are in none."
  },
  infer: ([x], at) => {
    if (x === undefined) throw new ShapeError("windows: no operand was given")
    checkWindows("windows", x, at)
    return [{ shape: [...countsOf(x.shape, at), ...at.sizes], dtype: x.dtype }]
  },
  evaluate: ([x], at) => [readView(x, windowsView(contiguous(x?.shape ?? []), at))],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes }, [g]) =>
      x === undefined || g === undefined ? [] : [layWindows(ops, g, attributes, x.shape)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => (t === undefined ? [undefined] : ops.windows([t], attributes))
  },
  batch: (ops, operands, { axes, sizes, strides, dilations }) =>
    ops.windows([operand(operands, 0).tensor], {
      axes: axes.map((axis) => axis + 1),
      sizes,
      strides,
      dilations
    }),
  lower: { tag: "view", view: windowsView },
  samples: [
    {
      operands: [{ shape: [2, 7], low: -1, high: 1 }],
      attributes: { axes: [1], sizes: [3], strides: [2], dilations: [1] }
    },
    {
      operands: [{ shape: [5, 2, 6], low: -1, high: 1 }],
      attributes: { axes: [2, 0], sizes: [2, 3], strides: [1, 1], dilations: [3, 1] }
    },
    {
      operands: [{ shape: [5, 3], low: -1, high: 1 }],
      attributes: { axes: [0], sizes: [2], strides: [2], dilations: [1] }
    },
    {
      operands: [{ shape: [9], low: -1, high: 1 }],
      attributes: { axes: [0], sizes: [2], strides: [4], dilations: [2] }
    }
  ]
}
