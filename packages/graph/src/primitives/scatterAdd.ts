import { DTypeError, ShapeError, showShape } from "../errors.ts"
import { sameShape } from "../axes.ts"
import type { Primitive } from "../primitive.ts"
import { clampIndex, flatIndices, inferGather } from "./gather.ts"
import { operand } from "./elementwise.ts"

/** Adds rows to a base at indices along an axis, in the order of the indices; indices are clamped as in gather, its transpose. */
export const scatterAdd: Primitive<{ readonly axis: number }> = {
  name: "scatterAdd",
  document: {
    summary: "Adds rows to a base at indices along an axis.",
    equation: "y = x; y[i, clamp(n[j]), k] += u[i, j, k]"
  },
  infer: ([base, indices, updates], { axis }) => {
    const expected = inferGather("scatterAdd", base, indices, axis)
    if (base === undefined || updates === undefined)
      throw new ShapeError("scatterAdd: needs a base, indices and updates")
    if (updates.dtype !== base.dtype)
      throw new DTypeError(
        `scatterAdd: updates are ${updates.dtype}, the base is ${base.dtype}; cast one side with T.cast`
      )
    if (!sameShape(expected.shape, updates.shape))
      throw new ShapeError(
        `scatterAdd: updates have shape ${showShape(updates.shape)}, these indices need ${showShape(expected.shape)}`
      )
    return [{ shape: base.shape, dtype: base.dtype }]
  },
  evaluate: ([base, indices, updates], { axis }) => {
    const out = Float64Array.from(base?.data ?? [])
    if (base === undefined || indices === undefined || updates === undefined) return [out]
    const inner = base.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
    const size = base.shape[axis] ?? 1
    const count = indices.data.length
    for (let u = 0; u < updates.data.length; u++) {
      const row = clampIndex(indices.data[Math.floor(u / inner) % count] ?? 0, size)
      const o = (Math.floor(u / (inner * count)) * size + row) * inner + (u % inner)
      out[o] = (out[o] ?? 0) + (updates.data[u] ?? 0)
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [, indices], attributes: { axis } }, [g]) =>
      g === undefined || indices === undefined ? [] : [g, undefined, ops.gather(g, indices, axis)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [base, indices, updates], attributes: { axis } }, [t, , u]) => {
      if (base === undefined || indices === undefined || updates === undefined || (t === undefined && u === undefined))
        return [undefined]
      return [
        ops.scatterAdd(
          t ?? ops.full(base.shape, 0, base.dtype),
          indices,
          u ?? ops.full(updates.shape, 0, updates.dtype),
          axis
        )
      ]
    }
  },
  batch: (ops, operands, { axis }, size) => {
    const [base, indices, updates] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)]
    const repeat = ({ tensor, batched }: typeof base) =>
      batched ? tensor : ops.broadcast(tensor, [size, ...tensor.shape])
    const b = repeat(base)
    const u = repeat(updates)
    if (!indices.batched) return [ops.scatterAdd(b, indices.tensor, u, axis + 1)]
    // One flat table with the batch merged into the scattered axis, as in gather.
    const rank = b.shape.length - 1
    const n = indices.tensor.shape.length - 1
    const rows = b.shape[axis + 1] ?? 1
    const toFront = [0, axis + 1, ...Array.from({ length: rank }, (_, d) => d + 1).filter((d) => d !== axis + 1)]
    const front = ops.transpose(b, toFront)
    const places = Array.from({ length: n }, (_, d) => axis + 1 + d)
    const around = u.shape.map((_, d) => d).filter((d) => d !== 0 && !places.includes(d))
    const flat = ops.scatterAdd(
      ops.reshape(front, [size * rows, ...front.shape.slice(2)]),
      flatIndices(ops, indices.tensor, rows),
      ops.transpose(u, [0, ...places, ...around]),
      0
    )
    const back = toFront.map((_, d) => toFront.indexOf(d))
    return [ops.transpose(ops.reshape(flat, front.shape), back)]
  },
  lower: { tag: "structure", form: "scatterAdd" },
  samples: [
    {
      operands: [
        { shape: [5, 3], low: -1, high: 1 },
        { shape: [4], dtype: "i32", data: Int32Array.of(1, 4, 1, 0) },
        { shape: [4, 3], low: -1, high: 1 }
      ],
      attributes: { axis: 0 }
    },
    {
      operands: [
        { shape: [2, 4], low: -1, high: 1 },
        { shape: [3], dtype: "i32", data: Int32Array.of(3, 3, -1) },
        { shape: [2, 3], low: -1, high: 1 }
      ],
      attributes: { axis: 1 }
    }
  ]
}
