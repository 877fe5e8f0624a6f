/** Numbers for the tests of the scalar functions. */
import type { Float } from "./arithmetic.ts"

/** A fixed sequence of numbers in [0, 1). */
export const randoms = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The nearest value of the dtype. */
export const round = (x: number, dtype: Float): number => (dtype === "f32" ? Math.fround(x) : x)
