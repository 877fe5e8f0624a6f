import { Builder, maxLanes, type Register } from "@cotangent/kernel"
import { checkAxes } from "../axes.ts"
import { DTypeError, ShapeError } from "../errors.ts"
import type { KernelFrame, Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"
import { nestLoops } from "./strided.ts"

/** Along which axis sums run, and whether from its end. */
export interface Running {
  readonly axis: number
  readonly reverse: boolean
}

/** One running sum per place beside the axis; places along the last axis in vectors, where the sums run along another. */
const emit = (b: Builder.Builder, { inputs: [x], outputs: [y] }: KernelFrame, { axis, reverse }: Running): void => {
  if (x === undefined || y === undefined) throw new RangeError("cumsum: an array is missing")
  const { shape } = x.view
  const { dtype } = x.buffer
  const last = shape.length - 1
  const n = shape[axis] ?? 1
  const columns = axis === last ? 1 : (shape[last] ?? 1)
  const outer = shape.map((_, d) => d).filter((d) => d !== axis && (axis === last || d !== last))
  const at = (strides: ReadonlyArray<number>, d: number): number => strides[d] ?? 0
  nestLoops(
    b,
    outer.map((d) => shape[d] ?? 1),
    (loops) => {
      const along = (view: { readonly strides: ReadonlyArray<number>; readonly offset: number }) => ({
        terms: loops.map((loop, i) => [loop, at(view.strides, outer[i] ?? 0)] as const),
        start: view.offset + (reverse ? (n - 1) * at(view.strides, axis) : 0),
        step: (reverse ? -1 : 1) * at(view.strides, axis),
        lane: axis === last ? 0 : at(view.strides, last)
      })
      const [from, to] = [along(x.view), along(y.view)]
      const run = (
        start: number,
        width: number,
        moving: ReadonlyArray<Parameters<Parameters<typeof b.loop>[2]>[0]>
      ): void => {
        const sum: Register = b.variable(b.constant(0, Builder.typeOf(dtype, width)))
        b.loop(n, 1, (t) => {
          const place = (s: typeof from) =>
            Builder.at(s.start + start * s.lane, [...s.terms, ...moving.map((l) => [l, s.lane] as const), [t, s.step]])
          const value = width === 1 ? b.load(x.buffer, place(from)) : b.load(x.buffer, place(from), width, from.lane)
          b.assign(sum, b.binary("add", sum, value))
          b.store(y.buffer, place(to), sum)
        })
      }
      const lanes = maxLanes[dtype]
      const whole = Math.floor(columns / lanes) * lanes
      if (whole > 0) b.loop(whole, lanes, (loop) => run(0, lanes, [loop]))
      if (columns > whole) run(whole, columns - whole, [])
    }
  )
}

/** Running sums along an axis, in order. */
export const cumsum: Primitive<Running> = {
  name: "cumsum",
  form: { operands: 1, regions: 0, attributes: { axis: "integer", reverse: "boolean" } },
  document: {
    summary: "Running sums along an axis.",
    equation: "y_i = sum_{j <= i} x_j, or over j >= i in reverse",
    derivative: "x_bar = running sums of y_bar the other way round",
    conventions: "the terms are added in order, one after the other"
  },
  infer: ([x], { axis }) => {
    if (x === undefined) throw new ShapeError("cumsum: no operand was given")
    if (x.dtype === "bool") throw new DTypeError("cumsum: defined for numbers, got bool; use T.cast")
    checkAxes("cumsum", x, [axis])
    return [{ shape: x.shape, dtype: x.dtype }]
  },
  evaluate: ([x], { axis, reverse }) => {
    if (x === undefined) return [new Float64Array(0)]
    const out = Float64Array.from(x.data)
    const n = x.shape[axis] ?? 1
    const inner = sizeOf(x.shape.slice(axis + 1))
    for (let i = 0; i < out.length; i++) {
      const e = reverse ? out.length - 1 - i : i
      const place = Math.floor(e / inner) % n
      if (place === (reverse ? n - 1 : 0)) continue
      out[e] = (out[e] ?? 0) + (out[reverse ? e + inner : e - inner] ?? 0)
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { attributes }, [g]) =>
      g === undefined ? [] : ops.cumsum([g], { ...attributes, reverse: !attributes.reverse })
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => (t === undefined ? [undefined] : ops.cumsum([t], attributes))
  },
  batch: (ops, operands, attributes) =>
    ops.cumsum([operand(operands, 0).tensor], { ...attributes, axis: attributes.axis + 1 }),
  lower: { tag: "kernel", flops: ([x]) => sizeOf(x?.shape ?? []), emit },
  samples: [
    { operands: [{ shape: [5], low: -1, high: 1 }], attributes: { axis: 0, reverse: false } },
    { operands: [{ shape: [2, 3, 11], low: -1, high: 1 }], attributes: { axis: 1, reverse: false } },
    { operands: [{ shape: [3, 4], low: -1, high: 1 }], attributes: { axis: 1, reverse: true } },
    { operands: [{ shape: [4, 9], low: -1, high: 1 }], attributes: { axis: 0, reverse: true } }
  ]
}
