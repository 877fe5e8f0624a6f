import { Builder, type Register } from "@cotangent/kernel"
import { type DType, isFloat } from "../dtype.ts"
import { DTypeError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { batchElementwise, operand } from "./elementwise.ts"

const limits = { i32: [-2147483648, 2147483647], u32: [0, 4294967295] } as const

/** A float as an integer: truncated, saturated, NaN is 0. */
const truncate = (x: number, dtype: "i32" | "u32"): number =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, limits[dtype][0]), limits[dtype][1])) + 0

const convert = (x: number, from: DType, to: DType): number => {
  if (to === "bool") return x !== 0 ? 1 : 0
  if (to === "f32" || to === "f64") return x
  if (isFloat(from)) return truncate(x, to)
  return to === "i32" ? x | 0 : x >>> 0
}

/** Booleans compared from f64 are masks of 64 bits, which only a selection reads. */
const emitCast = (b: Builder.Builder, x: Register, dtype: DType): Register => {
  if (x.type.mask !== 64) return b.cast(x, dtype)
  const type = Builder.typeOf(dtype, x.type.lanes)
  return b.select(x, b.constant(1, type), b.constant(0, type))
}

/** Converts the element type: floats to integers truncate and saturate, integers reinterpret modulo 2^32. */
export const cast: Primitive<{ readonly dtype: DType }> = {
  name: "cast",
  form: { operands: 1, regions: 0, attributes: { dtype: "dtype" } },
  document: {
    summary: "Converts the element type.",
    equation: "y = x, in another element type",
    derivative: "x_bar = y_bar, in the element type of x, between floats; none otherwise",
    conventions:
      "A float becomes an integer by truncation towards 0, and the nearest integer there is when it is out of range; NaN becomes 0. Between i32 and u32 the bits are kept. To bool: whether x is not 0. A bool becomes 0 or 1."
  },
  infer: ([x], { dtype }) => {
    if (x === undefined) throw new DTypeError("cast: no operand was given")
    return [{ shape: x.shape, dtype }]
  },
  evaluate: ([x], { dtype }) => [Float64Array.from(x?.data ?? [], (v) => convert(v, x?.dtype ?? dtype, dtype))],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes }, [g]) =>
      x === undefined || g === undefined || !isFloat(x.dtype) || !isFloat(attributes.dtype)
        ? []
        : [ops.cast(g, x.dtype)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [x], attributes }, [t]) =>
      x === undefined || t === undefined || !isFloat(x.dtype) || !isFloat(attributes.dtype)
        ? [undefined]
        : [ops.cast(t, attributes.dtype)]
  },
  batch: batchElementwise((ops, x, { dtype }) => [ops.cast(operand(x, 0), dtype)]),
  lower: { tag: "elementwise", flops: 1, emit: (b, x, { dtype }) => [emitCast(b, operand(x, 0), dtype)] },
  samples: [{ operands: [{ shape: [3, 4], low: -2, high: 2 }], attributes: { dtype: "f64" } }]
}
