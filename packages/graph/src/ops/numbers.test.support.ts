/** Vectors of float64 and comparisons of numbers, for the tests of elementwise operations. */
import { assert } from "@effect/vitest"
import type { AnyTensor, Tensor } from "../tensor.ts"
import * as T from "./index.ts"

/** A vector of float64. */
export const vector = (xs: ReadonlyArray<number>): Tensor<[number], "f64"> =>
  T.fromArray<[number], "f64">(Float64Array.from(xs), [xs.length], "f64")

/** The elements of a tensor, computed by the interpreter. */
export const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

/** Floats that are not ordinary, beside some that are. */
export const specials = [0, -0, 1, -1, 0.5, -2.5, Infinity, -Infinity, Number.NaN, 1e-300, -1e300]

/** Asserts that numbers agree relatively; NaN and infinities agree with themselves. */
export const near = (
  actual: ReadonlyArray<number>,
  expected: ReadonlyArray<number>,
  relative = 1e-14,
  what = "elements"
): void => {
  assert.strictEqual(actual.length, expected.length, what)
  expected.forEach((x, i) => {
    const y = actual[i] ?? Number.NaN
    const agrees = Object.is(x, y) || x === y || Math.abs(x - y) <= relative * Math.abs(x)
    assert.isTrue(agrees, `${what}: number ${i} is ${y}, expected ${x}`)
  })
}
