/** Values in two words, a high and a low part, for the few places where one word is not enough. */
import type { Register } from "../ir.ts"
import type { Arithmetic, Float } from "./arithmetic.ts"

/** A value carried as high + low, where `high` has half of the bits of the dtype: products of two such are exact. */
export interface Pair {
  readonly high: Register
  readonly low: Register
}

/** 2^h + 1: multiplying by it and subtracting twice leaves the upper half of the bits. Veltkamp 1968. */
const splitter: Readonly<Record<Float, number>> = { f32: 2 ** 12 + 1, f64: 2 ** 27 + 1 }

/** The upper half of the bits of a value. */
export const upper = ({ mul, sub }: Arithmetic, x: Register, dtype: Float): Register => {
  const wide = mul(x, splitter[dtype])
  return sub(wide, sub(wide, x))
}
