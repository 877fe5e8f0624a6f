import { assert, it } from "@effect/vitest"
import * as T from "./index.ts"
import type { AnyTensor } from "../tensor.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

it("eye, arange and linspace", () => {
  assert.deepStrictEqual(numbers(T.eye(2)), [1, 0, 0, 1])
  assert.deepStrictEqual(numbers(T.eye(2, { columns: 3, dtype: "f64" })), [1, 0, 0, 0, 1, 0])
  assert.deepStrictEqual(numbers(T.arange(4)), [0, 1, 2, 3])
  assert.deepStrictEqual(numbers(T.arange(6, { start: 1, step: 2 })), [1, 3, 5])
  assert.deepStrictEqual(numbers(T.arange(0, { start: 3, step: -1 })), [3, 2, 1])
  assert.deepStrictEqual(numbers(T.arange(0, { start: 1 })), [])
  assert.deepStrictEqual(numbers(T.arange(1, { step: 0.25, dtype: "f64" })), [0, 0.25, 0.5, 0.75])
  assert.deepStrictEqual(numbers(T.linspace(0, 1, 5)), [0, 0.25, 0.5, 0.75, 1])
  assert.deepStrictEqual(numbers(T.linspace(0, 0.3, 4, { dtype: "f64" })).at(-1), 0.3)
  assert.deepStrictEqual(numbers(T.linspace(7, 9, 1)), [7])
  assert.throws(() => T.arange(3, { step: 0 }), "arange: cannot go from 0 to 3 in steps of 0")
  assert.throws(() => T.linspace(0, 1, 0), "linspace: the count must be a whole number from 1, it is 0")
})
