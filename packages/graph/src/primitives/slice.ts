import { checkRank } from "../axes.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { SliceBounds } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { contiguous, type View } from "../view.ts"
import { operand } from "./elementwise.ts"
import { readView } from "./transpose.ts"

const lengthOf = ({ start, limit, step }: SliceBounds, d: number): number =>
  Math.max(0, Math.ceil(((limit[d] ?? 0) - (start[d] ?? 0)) / (step[d] ?? 1)))

const sliced = (view: View, bounds: SliceBounds): View => ({
  shape: view.shape.map((_, d) => lengthOf(bounds, d)),
  strides: view.strides.map((stride, d) => stride * (bounds.step[d] ?? 1)),
  offset: view.offset + view.strides.reduce((sum, stride, d) => sum + stride * (bounds.start[d] ?? 0), 0)
})

const flipped = (size: number): readonly [start: number, limit: number, step: number] => [size - 1, -1, -1]
const whole = (size: number): readonly [start: number, limit: number, step: number] => [0, size, 1]

/** The given axes in reverse order. */
export const flipBounds = (shape: ReadonlyArray<number>, flips: (axis: number) => boolean): SliceBounds => {
  const bounds = shape.map((size, d) => (flips(d) ? flipped(size) : whole(size)))
  return { start: bounds.map(([s]) => s), limit: bounds.map(([, l]) => l), step: bounds.map(([, , s]) => s) }
}

/** Whether the elements of a cut lie in an axis: all of `start, start + step, ...` up to `limit`, which is not reached. */
const liesIn = (size: number, start: number, limit: number, step: number): boolean =>
  step > 0 ? start >= 0 && start <= limit && limit <= size : start < size && limit <= start && limit >= -1

/**
 * Elements `start, start + step, ...` below `limit` along every axis. A negative step walks backwards, above `limit`, which
 * may be -1: `start: n - 1, limit: -1, step: -1` is an axis in reverse order.
 */
export const slice: Primitive<SliceBounds> = {
  name: "slice",
  form: { operands: 1, regions: 0, attributes: { start: "integers", limit: "integers", step: "integers" } },
  document: {
    summary: "Every step-th element from start up to limit along each axis; backwards when the step is negative.",
    equation: "y[i] = x[start + step i]",
    conventions: "Bounds lie inside the axis; nothing may be left between them.",
    derivative: "x_bar[start + step i] = y_bar[i], elsewhere 0"
  },
  infer: ([x], bounds) => {
    if (x === undefined) throw new ShapeError("slice: no operand was given")
    checkRank("slice", x, bounds.start, bounds.limit, bounds.step)
    x.shape.forEach((size, d) => {
      const [start = 0, limit = 0, step = 0] = [bounds.start[d], bounds.limit[d], bounds.step[d]]
      if (![start, limit, step].every(Number.isInteger) || step === 0 || !liesIn(size, start, limit, step)) {
        throw new ShapeError(
          `slice: from ${start} to ${limit} by ${step} does not lie in axis ${d} of ${showShape(x.shape)}`
        )
      }
    })
    return [{ shape: x.shape.map((_, d) => lengthOf(bounds, d)), dtype: x.dtype }]
  },
  evaluate: ([x], bounds) => [readView(x, sliced(contiguous(x?.shape ?? []), bounds))],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], outputs: [y], attributes: { start, step } }, [g]) => {
      if (x === undefined || y === undefined || g === undefined) return []
      const covered = y.shape.map((size, d) => (size === 0 ? 0 : (size - 1) * Math.abs(step[d] ?? 1) + 1))
      const backwards = (d: number): boolean => (step[d] ?? 1) < 0
      const low = start.map((s, d) => (y.shape[d] === 0 ? 0 : backwards(d) ? s - (covered[d] ?? 0) + 1 : s))
      const ascending = step.some((s) => s < 0) ? ops.slice(g, flipBounds(y.shape, backwards)) : g
      return [
        ops.pad(ascending, {
          low,
          high: x.shape.map((size, d) => size - (low[d] ?? 0) - (covered[d] ?? 0)),
          interior: step.map((s) => Math.abs(s) - 1)
        })
      ]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => [t === undefined ? undefined : ops.slice(t, attributes)]
  },
  batch: (ops, operands, { start, limit, step }, size) => [
    ops.slice(operand(operands, 0).tensor, { start: [0, ...start], limit: [size, ...limit], step: [1, ...step] })
  ],
  lower: { tag: "view", view: (input, bounds) => sliced(input, bounds) },
  samples: [
    { operands: [{ shape: [5, 7], low: -1, high: 1 }], attributes: { start: [1, 0], limit: [4, 7], step: [1, 3] } },
    { operands: [{ shape: [4, 7], low: -1, high: 1 }], attributes: { start: [3, 5], limit: [-1, 0], step: [-1, -2] } }
  ]
}
