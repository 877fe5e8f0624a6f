import { Builder, maxLanes } from "@cotangent/kernel"
import { DTypeError, ShapeError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { contiguous } from "../view.ts"
import { checkWindows, countsOf, layPlaces, type Windows, windowsView } from "../windows.ts"
import { operand } from "./elementwise.ts"
import { loadRun, overPlaces, overRuns, storeRun } from "./strided.ts"
import { readView } from "./transpose.ts"

/**
 * The sum of every window. It is `reduceSum` over the last axes of `windows`, but the windows are never written out: a
 * sum over several axes would copy its operand first, which is as many times larger as the windows overlap.
 */
export const windowSum: Primitive<Windows> = {
  name: "windowSum",
  form: {
    operands: 1,
    regions: 0,
    attributes: { axes: "integers", sizes: "integers", strides: "integers", dilations: "integers" }
  },
  document: {
    summary: "The sum over every window.",
    equation: "y[..., i, ...] = sum_k x[..., i stride + k dilation, ...]",
    derivative: "x_bar = overlapAdd(y_bar, the same for every place in a window)",
    conventions: "One sum from the first place in the window to the last, the first of axes slowest."
  },
  infer: ([x], at) => {
    if (x === undefined) throw new ShapeError("windowSum: no operand was given")
    if (x.dtype === "bool") throw new DTypeError("windowSum: defined for numbers, got bool; use T.cast")
    checkWindows("windowSum", x, at)
    return [{ shape: countsOf(x.shape, at), dtype: x.dtype }]
  },
  evaluate: ([x], at) => {
    const all = readView(x, windowsView(contiguous(x?.shape ?? []), at))
    const n = sizeOf(at.sizes)
    return [
      Float64Array.from({ length: all.length / n }, (_, i) => all.subarray(i * n, (i + 1) * n).reduce((a, v) => a + v))
    ]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes }, [g]) => {
      if (x === undefined || g === undefined) return []
      return [layPlaces(ops, [g], [], (c) => c ?? g, attributes, x.shape)]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => (t === undefined ? [undefined] : ops.windowSum([t], attributes))
  },
  batch: (ops, operands, { axes, sizes, strides, dilations }) =>
    ops.windowSum([operand(operands, 0).tensor], {
      axes: axes.map((axis) => axis + 1),
      sizes,
      strides,
      dilations
    }),
  lower: {
    tag: "kernel",
    flops: ([x], at) => sizeOf(countsOf(x?.shape ?? [], at)) * (sizeOf(at.sizes) - 1),
    emit: (b, { inputs: [x], outputs: [y] }, at) => {
      if (x === undefined || y === undefined) return
      const rank = x.view.shape.length
      const from = { buffer: x.buffer, offset: x.view.offset, strides: windowsView(x.view, at).strides.slice(0, rank) }
      const to = { buffer: y.buffer, offset: y.view.offset, strides: y.view.strides }
      const { dtype } = y.buffer
      overRuns(b, y.view.shape, [from, to], maxLanes[dtype], (run) => {
        const sum = b.variable(b.constant(0, Builder.typeOf(dtype, run.width)))
        overPlaces(b, at.sizes, windowsView(x.view, at).strides.slice(rank), (further) =>
          b.assign(sum, b.binary("add", sum, loadRun(b, run, from, 0, further)))
        )
        storeRun(b, run, to, 1, sum)
      })
    }
  },
  samples: [
    {
      operands: [{ shape: [2, 7, 3], low: -1, high: 1 }],
      attributes: { axes: [1], sizes: [3], strides: [2], dilations: [1] }
    },
    {
      operands: [{ shape: [5, 6, 9], low: -1, high: 1 }],
      attributes: { axes: [0, 1], sizes: [2, 3], strides: [2, 3], dilations: [1, 1] }
    },
    {
      operands: [{ shape: [5, 2, 6], low: -1, high: 1 }],
      attributes: { axes: [2, 0], sizes: [2, 3], strides: [1, 1], dilations: [3, 1] }
    }
  ]
}
