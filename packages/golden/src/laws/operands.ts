/** Operands of samples: random floats between bounds, and given values. */
import type { DType, HostArrays, SampleOperand, Value } from "@cotangent/graph"

/** A given value. */
export const value = <D extends DType>(
  dtype: D,
  data: HostArrays[D],
  shape: ReadonlyArray<number> = [data.length]
): Value => ({ shape, dtype, data })

/** Random floats between two bounds, drawn anew for every seed. */
export const floats = (low: number, high: number, ...shape: ReadonlyArray<number>): SampleOperand => ({
  shape,
  low,
  high
})

/** A vector of 32-bit integers. */
export const i32 = (...data: ReadonlyArray<number>): Value => value("i32", Int32Array.from(data))

/** A vector of unsigned 32-bit integers. */
export const u32 = (...data: ReadonlyArray<number>): Value => value("u32", Uint32Array.from(data))

/** A vector of booleans, given as 0 and 1. */
export const bool = (...data: ReadonlyArray<number>): Value => value("bool", Uint8Array.from(data))

/** The same numbers under another shape. */
export const shaped = (given: Value, ...shape: ReadonlyArray<number>): Value => ({ ...given, shape })
