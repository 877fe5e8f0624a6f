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

/** Elements `start, start + step, ...` below `limit` along every axis; steps are positive. */
export const slice: Primitive<SliceBounds> = {
  name: "slice",
  document: {
    summary: "Every step-th element from start up to limit along each axis.",
    equation: "y[i] = x[start + step i]"
  },
  infer: ([x], bounds) => {
    if (x === undefined) throw new ShapeError("slice: no operand was given")
    checkRank("slice", x, bounds.start, bounds.limit, bounds.step)
    x.shape.forEach((size, d) => {
      const [start = -1, limit = -1, step = 0] = [bounds.start[d], bounds.limit[d], bounds.step[d]]
      const whole = [start, limit, step].every(Number.isInteger)
      if (!whole || start < 0 || limit > size || start > limit || step < 1) {
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
      const covered = y.shape.map((size, d) => (size === 0 ? 0 : (size - 1) * (step[d] ?? 1) + 1))
      return [
        ops.pad(g, {
          low: start,
          high: x.shape.map((size, d) => size - (start[d] ?? 0) - (covered[d] ?? 0)),
          interior: step.map((s) => s - 1)
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
    { operands: [{ shape: [5, 7], low: -1, high: 1 }], attributes: { start: [1, 0], limit: [4, 7], step: [1, 3] } }
  ]
}
