/** The form of writing rows: a base, indices along one of its axes, and as many rows as there are indices. */
import { sameShape } from "../axes.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import {
  type BatchRule,
  documentOf,
  type ForwardRule,
  type HostArray,
  type Primitive,
  type PrimitiveDocument,
  type ReverseRule,
  type Sample
} from "../primitive.ts"
import { type AnyTensor, type Aval, sizeOf } from "../tensor.ts"
import { placeOf } from "./clampIndex.ts"
import { operand } from "./elementwise.ts"
import { flatIndices, inferGather } from "./gather.ts"

/** The axis the indices count along. */
export interface RowAxis {
  readonly axis: number
}

/** The two primitives that write rows. */
type Name = "scatter" | "scatterAdd"

const inferRows = (name: Name, [base, indices, updates]: ReadonlyArray<Aval>, axis: number): Aval => {
  const expected = inferGather(name, base, indices, axis)
  if (base === undefined || updates === undefined) throw new ShapeError(`${name}: needs a base, indices and updates`)
  if (updates.dtype !== base.dtype)
    throw new DTypeError(`${name}: updates are ${updates.dtype}, the base is ${base.dtype}; cast one side with T.cast`)
  if (!sameShape(expected.shape, updates.shape))
    throw new ShapeError(
      `${name}: updates have shape ${showShape(updates.shape)}, these indices need ${showShape(expected.shape)}`
    )
  return { shape: base.shape, dtype: base.dtype }
}

/** The base with every update written into its place, in the order of the indices. */
const writeRows = (
  [base, indices, updates]: ReadonlyArray<HostArray>,
  axis: number,
  write: (old: number, update: number) => number
): Float64Array => {
  const out = Float64Array.from(base?.data ?? [])
  if (base === undefined || indices === undefined || updates === undefined) return out
  const inner = sizeOf(base.shape.slice(axis + 1))
  const size = base.shape[axis] ?? 1
  const count = indices.data.length
  for (let u = 0; u < updates.data.length; u++) {
    const row = placeOf(indices.data[Math.floor(u / inner) % count] ?? 0, size)
    const o = (Math.floor(u / (inner * count)) * size + row) * inner + (u % inner)
    out[o] = write(out[o] ?? 0, updates.data[u] ?? 0)
  }
  return out
}

/** Both are linear in the base and the updates together: tangents are written as values are. */
const forward = (name: Name): ForwardRule<RowAxis> => ({
  tag: "rule",
  pushforward: (ops, { inputs: [base, indices, updates], attributes: { axis } }, [t, , u]) => {
    if (base === undefined || indices === undefined || updates === undefined || (t === undefined && u === undefined))
      return [undefined]
    return [
      writing(ops, name)(
        t ?? ops.full(base.shape, 0, base.dtype),
        indices,
        u ?? ops.full(updates.shape, 0, updates.dtype),
        axis
      )
    ]
  }
})

/** The operation by its name. */
const writing = (
  ops: Operations,
  name: Name
): ((base: AnyTensor, indices: AnyTensor, updates: AnyTensor, axis: number) => AnyTensor) =>
  name === "scatterAdd"
    ? ops.scatterAdd
    : (base, indices, updates, axis) => operand(ops.scatter([base, indices, updates], { axis }), 0)

const batch =
  (name: Name): BatchRule<RowAxis> =>
  (ops, operands, { axis }, size) => {
    const [base, indices, updates] = [operand(operands, 0), operand(operands, 1), operand(operands, 2)]
    const repeat = ({ tensor, batched }: typeof base) =>
      batched ? tensor : ops.broadcast(tensor, [size, ...tensor.shape])
    const b = repeat(base)
    const u = repeat(updates)
    const write = writing(ops, name)
    if (!indices.batched) return [write(b, indices.tensor, u, axis + 1)]
    // One flat table with the batch merged into the axis, as in gather.
    const rank = b.shape.length - 1
    const n = indices.tensor.shape.length - 1
    const rows = b.shape[axis + 1] ?? 1
    const toFront = [0, axis + 1, ...Array.from({ length: rank }, (_, d) => d + 1).filter((d) => d !== axis + 1)]
    const front = ops.transpose(b, toFront)
    const places = Array.from({ length: n }, (_, d) => axis + 1 + d)
    const around = u.shape.map((_, d) => d).filter((d) => d !== 0 && !places.includes(d))
    const flat = write(
      ops.reshape(front, [size * rows, ...front.shape.slice(2)]),
      flatIndices(ops, indices.tensor, rows),
      ops.transpose(u, [0, ...places, ...around]),
      0
    )
    const back = toFront.map((_, d) => toFront.indexOf(d))
    return [ops.transpose(ops.reshape(flat, front.shape), back)]
  }

/** What a primitive that writes rows is defined by. */
export interface RowsDefinition extends PrimitiveDocument {
  readonly name: Name
  readonly write: (old: number, update: number) => number
  readonly reverse: ReverseRule<RowAxis>
}

const floats = (...shape: ReadonlyArray<number>) => ({ shape, low: -1, high: 1 })
const indices = (...data: ReadonlyArray<number>) => ({
  shape: [data.length],
  dtype: "i32" as const,
  data: Int32Array.from(data)
})

/** Repeated indices, indices out of range, no index at all, along every kind of axis. */
const samples: ReadonlyArray<Sample<RowAxis>> = [
  { operands: [floats(5, 3), indices(1, 4, 1, 0), floats(4, 3)], attributes: { axis: 0 } },
  { operands: [floats(2, 4), indices(3, 3, -1), floats(2, 3)], attributes: { axis: 1 } },
  {
    operands: [floats(2, 3, 2), { ...indices(2, 0, -9, 7), shape: [2, 2] }, floats(2, 2, 2, 2)],
    attributes: { axis: 1 }
  },
  { operands: [floats(9), { ...indices(4), shape: [] }, floats()], attributes: { axis: 0 } },
  { operands: [floats(3, 2), indices(), floats(0, 2)], attributes: { axis: 0 } }
]

/** The full record of a primitive that writes rows. */
export const rows = (d: RowsDefinition): Primitive<RowAxis> => ({
  name: d.name,
  form: { operands: 3, regions: 0, attributes: { axis: "integer" } },
  document: documentOf(d),
  infer: (inputs, { axis }) => [inferRows(d.name, inputs, axis)],
  evaluate: (inputs, { axis }) => [writeRows(inputs, axis, d.write)],
  reverse: d.reverse,
  forward: forward(d.name),
  batch: batch(d.name),
  lower: { tag: "structure", form: d.name },
  samples
})
