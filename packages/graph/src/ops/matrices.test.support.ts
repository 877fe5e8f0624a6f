/** Matrices of float64 and comparisons of them, for the tests of linear algebra. */
import { assert } from "@effect/vitest"
import type { Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import * as T from "./index.ts"

/** A tensor of float64. */
export type F64 = Tensor<Shape, "f64">

/** The elements of a tensor, computed by the interpreter. */
export const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

/** Asserts that the elements of a tensor are near numbers: relatively where these are large. */
export const near = (actual: AnyTensor, expected: ReadonlyArray<number>, tolerance = 1e-12): void => {
  const data = numbers(actual)
  assert.strictEqual(data.length, expected.length)
  data.forEach((x, i) => assert.closeTo(x, expected[i] ?? NaN, tolerance * Math.max(1, Math.abs(x))))
}

/** Rows of numbers as a matrix. */
export const matrix = (...rows: ReadonlyArray<ReadonlyArray<number>>): F64 =>
  T.fromArray(Float64Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0], "f64")

/** Numbers between -2 and 2 that look random, the same in every run. */
export const random = (...shape: ReadonlyArray<number>): F64 => {
  const n = shape.reduce((a, b) => a * b, 1)
  return T.fromArray(
    Float64Array.from({ length: n }, (_, i) => ((Math.sin(12.9898 * (i + 1)) * 43758.5453) % 1) * 2),
    [...shape],
    "f64"
  )
}

/** Products of matrices. */
export const product = (...[first, ...rest]: readonly [F64, ...ReadonlyArray<F64>]): F64 =>
  rest.reduce((x, y) => T.matmul(x, y) as F64, first)

/** Transposed matrices. */
export const turned = (a: F64): F64 => T.transpose(a) as F64

/** A matrix with numbers on its diagonal. */
export const diagonal = (x: F64): F64 => T.diag(x) as F64

/** The elements of the identity matrix. */
export const identity = (n: number): ReadonlyArray<number> =>
  Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) === i % n ? 1 : 0))
