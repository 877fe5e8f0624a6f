import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Maybe, Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"

/** Joins operands along an axis; all other sizes must agree. */
export const concat: Primitive<{ readonly axis: number }> = {
  name: "concat",
  form: { operands: undefined, regions: 0, attributes: { axis: "integer" } },
  document: {
    summary: "Joins operands along an axis.",
    equation: "y = [x_1, x_2, ...]",
    derivative: "x_k_bar = the part of y_bar where x_k stands",
    conventions: "All operands have one element type, and one shape but for the axis."
  },
  infer: (inputs, { axis }) => {
    const first = inputs[0]
    if (first === undefined) throw new ShapeError("concat: no operand was given")
    if (axis < 0 || axis >= first.shape.length)
      throw new ShapeError(`concat: axis ${axis} does not exist in ${showShape(first.shape)}`)
    for (const x of inputs) {
      if (x.dtype !== first.dtype)
        throw new DTypeError(`concat: ${first.dtype} with ${x.dtype}; cast one side with T.cast`)
      if (x.shape.length !== first.shape.length || x.shape.some((size, d) => d !== axis && size !== first.shape[d])) {
        throw new ShapeError(`concat: ${showShape(first.shape)} and ${showShape(x.shape)} differ beside axis ${axis}`)
      }
    }
    const size = inputs.reduce((sum, x) => sum + (x.shape[axis] ?? 0), 0)
    return [{ shape: first.shape.map((s, d) => (d === axis ? size : s)), dtype: first.dtype }]
  },
  evaluate: (inputs, { axis }, [y]) => {
    const shape = y?.shape ?? []
    const out = new Float64Array(sizeOf(shape))
    const row = sizeOf(shape.slice(axis))
    let start = 0
    for (const x of inputs) {
      const block = sizeOf(x.shape.slice(axis))
      for (let i = 0; i < x.data.length; i++) out[Math.floor(i / block) * row + start + (i % block)] = x.data[i] ?? 0
      start += block
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs, attributes: { axis } }, [g]): ReadonlyArray<Maybe> => {
      if (g === undefined) return []
      let at = 0
      return inputs.map((x) => {
        const start = at
        at += x.shape[axis] ?? 0
        return ops.slice(g, {
          start: g.shape.map((_, d) => (d === axis ? start : 0)),
          limit: g.shape.map((size, d) => (d === axis ? start + (x.shape[axis] ?? 0) : size)),
          step: g.shape.map(() => 1)
        })
      })
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs, attributes: { axis } }, tangents) => [
      tangents.every((t) => t === undefined)
        ? undefined
        : ops.concat(
            inputs.map((x, i) => tangents[i] ?? ops.full(x.shape, 0, x.dtype)),
            axis
          )
    ]
  },
  batch: (ops, operands, { axis }, size) => [
    ops.concat(
      operands.map(({ tensor, batched }) => (batched ? tensor : ops.broadcast(tensor, [size, ...tensor.shape]))),
      axis + 1
    )
  ],
  lower: { tag: "structure", form: "concat" },
  samples: [
    {
      operands: [
        { shape: [2, 3], low: -1, high: 1 },
        { shape: [2, 5], low: -1, high: 1 }
      ],
      attributes: { axis: 1 }
    },
    {
      operands: [
        { shape: [1, 3], low: -1, high: 1 },
        { shape: [2, 3], low: -1, high: 1 }
      ],
      attributes: { axis: 0 }
    }
  ]
}
