import { Builder, maxLanes, type Register } from "@cotangent/kernel"
import { DTypeError, ShapeError } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { contiguous } from "../view.ts"
import { checkWindows, countsOf, cutWindows, layPlaces, type Windows, windowsView } from "../windows.ts"
import { operand } from "./elementwise.ts"
import { loadRun, overPlaces, overRuns, storeRun } from "./strided.ts"
import { readView } from "./transpose.ts"

/** The numbers of the places inside a window. */
const placesOf = (ops: Operations, { sizes }: Windows): AnyTensor =>
  ops.reshape(ops.iota([sizeOf(sizes)], 0, "i32"), sizes)

/** Whether an element of a window is the one that was taken, over the shape of all windows. */
const taken = (ops: Operations, positions: AnyTensor, windows: Windows): AnyTensor => {
  const { sizes } = windows
  const shape = [...positions.shape, ...sizes]
  const places = placesOf(ops, windows)
  const position = ops.reshape(positions, [...positions.shape, ...sizes.map(() => 1)])
  return ops.eq(ops.broadcast(position, shape), ops.broadcast(places, shape))
}

/**
 * The largest element of every window, and where in the window it stands. The position makes the derivative cheap and
 * unambiguous: it goes to one element. (`reduceMax` of `windows` would share it among ties, and copy the windows first.)
 */
export const windowMax: Primitive<Windows> = {
  name: "windowMax",
  form: {
    operands: 1,
    regions: 0,
    attributes: { axes: "integers", sizes: "integers", strides: "integers", dilations: "integers" }
  },
  document: {
    summary:
      "The largest element of every window, and its position in the window, counted with the first of axes slowest.",
    equation: "p = min {k : x[i stride + k dilation] = y[i]}, y[i] = max_k x[i stride + k dilation]",
    derivative: "x_bar = overlapAdd([k = p] y_bar)",
    conventions:
      "The first of equal elements is taken and gets the whole derivative, as in PyTorch. NaN counts as the largest; of several the last is taken."
  },
  infer: ([x], at) => {
    if (x === undefined) throw new ShapeError("windowMax: no operand was given")
    if (x.dtype === "bool") throw new DTypeError("windowMax: defined for numbers, got bool; use T.cast")
    checkWindows("windowMax", x, at)
    const shape = countsOf(x.shape, at)
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: "i32" }
    ]
  },
  evaluate: ([x], at) => {
    const all = readView(x, windowsView(contiguous(x?.shape ?? []), at))
    const n = sizeOf(at.sizes)
    const [values, positions] = [new Float64Array(all.length / n), new Float64Array(all.length / n)]
    for (let i = 0; i < values.length; i++) {
      let best = 0
      for (let k = 1; k < n; k++) {
        const next = all[i * n + k] ?? 0
        if (next > (all[i * n + best] ?? 0) || Number.isNaN(next)) best = k
      }
      values[i] = all[i * n + best] ?? 0
      positions[i] = best
    }
    return [values, positions]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], outputs: [, positions], attributes }, [g]) => {
      if (x === undefined || positions === undefined || g === undefined) return []
      const share = (...xs: ReadonlyArray<AnyTensor>): AnyTensor => {
        const [position, cotangent, place] = [operand(xs, 0), operand(xs, 1), operand(xs, 2)]
        return ops.select(ops.eq(position, place), cotangent, 0)
      }
      return [layPlaces(ops, [positions, g], [placesOf(ops, attributes)], share, attributes, x.shape)]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { outputs: [y, positions], attributes }, [t]) => {
      if (y === undefined || positions === undefined || t === undefined) return [undefined, undefined]
      const mask = taken(ops, positions, attributes)
      const inside = ops.select(mask, cutWindows(ops, t, attributes), 0)
      const axes = attributes.axes.map((_, i) => y.shape.length + i)
      return [ops.reduceSum(inside, axes), undefined]
    }
  },
  batch: (ops, operands, { axes, sizes, strides, dilations }) =>
    ops.windowMax([operand(operands, 0).tensor], {
      axes: axes.map((axis) => axis + 1),
      sizes,
      strides,
      dilations
    }),
  lower: {
    tag: "kernel",
    flops: ([x], at) => sizeOf(countsOf(x?.shape ?? [], at)) * (sizeOf(at.sizes) - 1),
    emit: (b, { inputs: [x], outputs: [y, p] }, at) => {
      if (x === undefined || y === undefined || p === undefined) return
      const { dtype } = y.buffer
      const rank = x.view.shape.length
      const all = windowsView(x.view, at)
      const from = { buffer: x.buffer, offset: x.view.offset, strides: all.strides.slice(0, rank) }
      const to = { buffer: y.buffer, offset: y.view.offset, strides: y.view.strides }
      const position = { buffer: p.buffer, offset: p.view.offset, strides: p.view.strides }
      const isFloat = dtype === "f32" || dtype === "f64"
      // A comparison of f64 vectors cannot choose between vectors of i32: they are taken one by one.
      const lanes = dtype === "f64" ? 1 : maxLanes[dtype]
      overRuns(b, y.view.shape, [from, to, position], lanes, (run) => {
        const place = (k: number | (() => Register)): Register =>
          typeof k === "number" ? b.constant(k, Builder.typeOf("i32", run.width)) : b.splat(k(), run.width)
        const best = b.variable(loadRun(b, run, from, 0))
        const at0 = b.variable(b.constant(0, Builder.typeOf("i32", run.width)))
        overPlaces(b, at.sizes, all.strides.slice(rank), (further, k) => {
          if (k === 0) return
          const next = loadRun(b, run, from, 0, further)
          const greater = b.compare("gt", next, best)
          const replaces = isFloat ? b.binary("or", greater, b.compare("ne", next, next)) : greater
          b.assign(at0, b.select(replaces, place(k), at0))
          b.assign(best, b.select(replaces, next, best))
        })
        storeRun(b, run, to, 1, best)
        storeRun(b, run, position, 2, at0)
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
