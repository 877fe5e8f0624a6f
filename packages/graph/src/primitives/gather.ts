import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { type AnyTensor, type Aval, sizeOf } from "../tensor.ts"
import { placeOf } from "./clampIndex.ts"
import { operand } from "./elementwise.ts"

/** Checks a table, integer indices and an axis; gives the shape `[...before, ...indices, ...after]`. */
export const inferGather = (name: string, table: Aval | undefined, indices: Aval | undefined, axis: number): Aval => {
  if (table === undefined || indices === undefined) throw new ShapeError(`${name}: needs a table and indices`)
  if (indices.dtype !== "i32")
    throw new DTypeError(`${name}: indices must be i32, they are ${indices.dtype}; use T.cast`)
  if (axis < 0 || axis >= table.shape.length)
    throw new ShapeError(`${name}: axis ${axis} does not exist in ${showShape(table.shape)}`)
  if (table.shape[axis] === 0)
    throw new ShapeError(`${name}: axis ${axis} of ${showShape(table.shape)} is empty, no index is in range`)
  return {
    shape: [...table.shape.slice(0, axis), ...indices.shape, ...table.shape.slice(axis + 1)],
    dtype: table.dtype
  }
}

/**
 * Positions of a table's rows under a batch: a batched table and batched indices become one flat table whose row
 * `b * size + i` is row i of example b.
 */
export const flatIndices = (ops: Operations, indices: AnyTensor, size: number): AnyTensor => {
  const [places = indices] = ops.clampIndex([indices], { size, last: size - 1 })
  return ops.add(places, ops.mul(ops.iota(indices.shape, 0, "i32"), size))
}

/**
 * Takes rows of a table along an axis. Negative indices count from the back; an index out of range is moved to the nearest
 * row, on every target.
 */
export const gather: Primitive<{ readonly axis: number }> = {
  name: "gather",
  form: { operands: 2, regions: 0, attributes: { axis: "integer" } },
  document: {
    summary: "Takes rows of a table along an axis.",
    equation: "y[i, j, k] = x[i, n[j], k]",
    derivative: "x_bar[i, n[j], k] += y_bar[i, j, k]",
    conventions: "Negative indices count from the back; an index out of range takes the nearest row."
  },
  infer: ([table, indices], { axis }) => [inferGather("gather", table, indices, axis)],
  evaluate: ([table, indices], { axis }, [y]) => {
    const out = new Float64Array(sizeOf(y?.shape ?? []))
    if (table === undefined || indices === undefined) return [out]
    const inner = sizeOf(table.shape.slice(axis + 1))
    const size = table.shape[axis] ?? 1
    const count = indices.data.length
    for (let o = 0; o < out.length; o++) {
      const before = Math.floor(o / (inner * count))
      const row = placeOf(indices.data[Math.floor(o / inner) % count] ?? 0, size)
      out[o] = table.data[(before * size + row) * inner + (o % inner)] ?? 0
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [table, indices], attributes: { axis } }, [g]) =>
      table === undefined || indices === undefined || g === undefined
        ? []
        : [ops.scatterAdd(ops.full(table.shape, 0, table.dtype), indices, g, axis)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [, indices], attributes: { axis } }, [t]) => [
      t === undefined || indices === undefined ? undefined : ops.gather(t, indices, axis)
    ]
  },
  batch: (ops, operands, { axis }, size) => {
    const table = operand(operands, 0)
    const indices = operand(operands, 1)
    if (!indices.batched) return [ops.gather(table.tensor, indices.tensor, axis + 1)]
    const lead = table.batched ? undefined : ops.gather(table.tensor, indices.tensor, axis)
    if (lead !== undefined) {
      const batchAt = axis
      return [ops.transpose(lead, [batchAt, ...lead.shape.map((_, d) => d).filter((d) => d !== batchAt)])]
    }
    // Both batched: bring the axis beside the batch, merge the two, take flat rows, and put the axes back.
    const rank = table.tensor.shape.length - 1
    const rows = table.tensor.shape[axis + 1] ?? 1
    const front = ops.transpose(table.tensor, [
      0,
      axis + 1,
      ...Array.from({ length: rank }, (_, d) => d + 1).filter((d) => d !== axis + 1)
    ])
    const flat = ops.gather(
      ops.reshape(front, [size * rows, ...front.shape.slice(2)]),
      flatIndices(ops, indices.tensor, rows),
      0
    )
    const n = indices.tensor.shape.length
    const others = Array.from({ length: rank - 1 }, (_, d) => d + n)
    return [
      ops.transpose(flat, [
        0,
        ...others.slice(0, axis),
        ...Array.from({ length: n - 1 }, (_, d) => d + 1),
        ...others.slice(axis)
      ])
    ]
  },
  lower: { tag: "structure", form: "gather" },
  samples: [
    {
      operands: [
        { shape: [5, 3], low: -1, high: 1 },
        { shape: [4], dtype: "i32", data: Int32Array.of(1, 4, 1, 0) }
      ],
      attributes: { axis: 0 }
    },
    {
      operands: [
        { shape: [2, 5], low: -1, high: 1 },
        { shape: [2, 2], dtype: "i32", data: Int32Array.of(3, 0, 9, -2) }
      ],
      attributes: { axis: 1 }
    }
  ]
}
