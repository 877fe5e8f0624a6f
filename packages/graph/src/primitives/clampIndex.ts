import type { Builder, Register } from "@cotangent/kernel"
import { DTypeError, ShapeError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { batchElementwise, operand } from "./elementwise.ts"

/** Of how many places an index chooses one, and the last that may be chosen. */
export interface IndexRange {
  readonly size: number
  /** `size - 1` unless more than one element is read from the place on. */
  readonly last: number
}

/**
 * The place an index stands for: negative indices count from the back, as in NumPy, and what is out of range then is moved
 * to the nearest place.
 */
export const placeOf = (index: number, size: number, last = size - 1): number =>
  Math.min(Math.max(index < 0 ? index + size : index, 0), last)

/** The place an index stands for, in a kernel: `placeOf`. */
export const emitPlace = (b: Builder.Builder, index: Register, size: number, last = size - 1): Register => {
  const zero = b.constant(0, index.type)
  const counted = b.select(b.compare("lt", index, zero), b.binary("add", index, b.constant(size, index.type)), index)
  return b.binary("max", b.binary("min", counted, b.constant(last, index.type)), zero)
}

/** The place each index stands for. Compositions that compute positions of indices use it: no memory outside an array is ever read. */
export const clampIndex: Primitive<IndexRange> = {
  name: "clampIndex",
  form: { operands: 1, regions: 0, attributes: { size: "integer", last: "integer" } },
  document: {
    summary: "The place an index stands for: negative ones count from the back, others are clamped into range.",
    equation: "y = min(max(i < 0 ? i + size : i, 0), last)",
    derivative: "none: indices are integers",
    conventions: "-1 is the last place; below -size is the first, above last is last."
  },
  infer: ([x], { size, last }) => {
    if (x === undefined) throw new DTypeError("clampIndex: no operand was given")
    if (x.dtype !== "i32") throw new DTypeError(`clampIndex: indices must be i32, they are ${x.dtype}; use T.cast`)
    if (size < 1 || last < 0 || last >= size)
      throw new ShapeError(`clampIndex: 0 to ${last} are no places of an axis of size ${size}`)
    return [{ shape: x.shape, dtype: "i32" }]
  },
  evaluate: ([x], { size, last }) => [Float64Array.from(x?.data ?? [], (index) => placeOf(index, size, last))],
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: batchElementwise((ops, x, attributes) => ops.clampIndex([operand(x, 0)], attributes)),
  lower: {
    tag: "elementwise",
    flops: 0,
    emit: (b, x, { size, last }) => [emitPlace(b, operand(x, 0), size, last)]
  },
  samples: [
    {
      operands: [{ shape: [9], dtype: "i32", data: Int32Array.of(0, 4, 5, -1, -5, -6, 7, -2147483648, 2147483647) }],
      attributes: { size: 5, last: 4 }
    },
    {
      operands: [{ shape: [2, 3], dtype: "i32", data: Int32Array.of(0, 3, 4, -1, -5, -2) }],
      attributes: { size: 5, last: 3 }
    }
  ]
}
