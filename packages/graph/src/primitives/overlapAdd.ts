import { checkAxes } from "../axes.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { type Aval, sizeOf } from "../tensor.ts"
import { rowMajor } from "../view.ts"
import { countsOf, cutWindows, windowsView, type Windows } from "../windows.ts"
import { operand } from "./elementwise.ts"
import { addInto, fillWith, nestLoops } from "./strided.ts"

/** Where windows are laid: along `axes`, which become `lengths` long. The sizes of the windows are the last axes of the operand. */
export interface Overlap {
  readonly axes: ReadonlyArray<number>
  readonly lengths: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>
  readonly dilations: ReadonlyArray<number>
}

/** The shape that windows of shape `shape` are laid into. */
const targetShape = (shape: ReadonlyArray<number>, { axes, lengths }: Overlap): ReadonlyArray<number> =>
  shape.slice(0, shape.length - axes.length).map((count, d) => lengths[axes.indexOf(d)] ?? count)

const windowsOf = (shape: ReadonlyArray<number>, { axes, strides, dilations }: Overlap): Windows => ({
  axes,
  sizes: shape.slice(shape.length - axes.length),
  strides,
  dilations
})

const infer = (x: Aval, at: Overlap): Aval => {
  const rank = x.shape.length - at.axes.length
  checkAxes("overlapAdd", { shape: x.shape.slice(0, Math.max(0, rank)) }, at.axes)
  const shape = targetShape(x.shape, at)
  const counts = countsOf(shape, windowsOf(x.shape, at))
  if (counts.some((count, d) => count !== x.shape[d])) {
    throw new ShapeError(
      `overlapAdd: windows ${showShape(x.shape)} do not cover ${showShape(shape)}: there are ${showShape(counts)} of them`
    )
  }
  return { shape, dtype: x.dtype }
}

/**
 * Lays windows back where `windows` cuts them out and adds up where they overlap. An element takes the sum over the
 * places inside the windows in ascending order, the first of `axes` slowest; elements in no window are 0.
 */
export const overlapAdd: Primitive<Overlap> = {
  name: "overlapAdd",
  form: {
    operands: 1,
    regions: 0,
    attributes: { axes: "integers", lengths: "integers", strides: "integers", dilations: "integers" }
  },
  document: {
    summary: "Lays windows over an array and adds up where they overlap: the transpose of windows.",
    equation: "y[..., j, ...] = sum_(i stride + k dilation = j) x[..., i, ..., k]",
    derivative: "x_bar = windows(y_bar)",
    conventions: "Elements that no window covers are 0."
  },
  infer: ([x], at) => {
    if (x === undefined) throw new ShapeError("overlapAdd: no operand was given")
    if (x.dtype === "bool") throw new DTypeError("overlapAdd: defined for numbers, got bool; use T.cast")
    return [infer(x, at)]
  },
  evaluate: ([x], at, [y]) => {
    const out = new Float64Array(sizeOf(y?.shape ?? []))
    if (x === undefined || y === undefined) return [out]
    const { strides } = windowsView({ shape: y.shape, strides: rowMajor(y.shape), offset: 0 }, windowsOf(x.shape, at))
    const index = new Array<number>(x.shape.length).fill(0)
    let position = 0
    for (const value of x.data) {
      out[position] = (out[position] ?? 0) + value
      for (let d = index.length - 1; d >= 0; d--) {
        const next = (index[d] ?? 0) + 1
        position += strides[d] ?? 0
        index[d] = next
        if (next < (x.shape[d] ?? 0)) break
        position -= next * (strides[d] ?? 0)
        index[d] = 0
      }
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes }, [g]) =>
      x === undefined || g === undefined ? [] : [cutWindows(ops, g, windowsOf(x.shape, attributes))]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => (t === undefined ? [undefined] : ops.overlapAdd([t], attributes))
  },
  batch: (ops, operands, { axes, lengths, strides, dilations }) =>
    ops.overlapAdd([operand(operands, 0).tensor], {
      axes: axes.map((axis) => axis + 1),
      lengths,
      strides,
      dilations
    }),
  lower: {
    tag: "kernel",
    flops: ([x]) => sizeOf(x?.shape ?? []),
    emit: (b, { inputs: [x], outputs: [y] }, at) => {
      if (x === undefined || y === undefined) return
      const rank = y.view.shape.length
      const target = windowsView(y.view, windowsOf(x.view.shape, at))
      // Axes before the first that windows move along stand outside: what one of their elements covers stays in cache.
      const outer = Math.min(rank, ...at.axes)
      const inside = [...x.view.shape.keys()].slice(outer)
      // For one place inside the windows no two windows meet: all of them are added before the next place.
      const order = [...inside.filter((d) => d >= rank), ...inside.filter((d) => d < rank)]
      const [from, to] = [
        { buffer: x.buffer, offset: x.view.offset },
        { buffer: y.buffer, offset: y.view.offset }
      ]
      nestLoops(b, y.view.shape.slice(0, outer), (loops) => {
        fillWith(b, 0, y.view.shape.slice(outer), {
          ...to,
          strides: y.view.strides.slice(outer),
          terms: loops.map((loop, d) => [loop, y.view.strides[d] ?? 0])
        })
        addInto(
          b,
          order.map((d) => x.view.shape[d] ?? 1),
          {
            ...from,
            strides: order.map((d) => x.view.strides[d] ?? 0),
            terms: loops.map((loop, d) => [loop, x.view.strides[d] ?? 0])
          },
          {
            ...to,
            strides: order.map((d) => target.strides[d] ?? 0),
            terms: loops.map((loop, d) => [loop, target.strides[d] ?? 0])
          },
          at.axes.length
        )
      })
    }
  },
  samples: [
    {
      operands: [{ shape: [2, 3, 3], low: -1, high: 1 }],
      attributes: { axes: [1], lengths: [7], strides: [2], dilations: [1] }
    },
    {
      operands: [{ shape: [3, 2, 3, 2, 3], low: -1, high: 1 }],
      attributes: { axes: [2, 0], lengths: [6, 5], strides: [1, 1], dilations: [3, 1] }
    },
    {
      operands: [{ shape: [2, 2], low: -1, high: 1 }],
      attributes: { axes: [0], lengths: [8], strides: [4], dilations: [2] }
    }
  ]
}
