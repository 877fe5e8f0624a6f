import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))

describe("searchSorted", () => {
  it("finds the place on either side of equal elements, of every length", () => {
    for (let n = 0; n < 9; n++) {
      const sorted = Array.from({ length: n }, (_, i) => Math.floor(i / 2))
      const values = Array.from({ length: 13 }, (_, i) => i / 2 - 1)
      const place = (value: number, right: boolean) => sorted.filter((x) => (right ? x <= value : x < value)).length
      const search = (side: "left" | "right") =>
        nested(T.searchSorted(T.constant(sorted), T.constant(values), { side }))
      assert.deepStrictEqual(
        search("left"),
        values.map((v) => place(v, false))
      )
      assert.deepStrictEqual(
        search("right"),
        values.map((v) => place(v, true))
      )
    }
  })

  it("searches rows for rows, and takes NaN for the greatest", () => {
    const rows = T.constant([
      [1, 2, 3],
      [10, 20, NaN]
    ])
    assert.deepStrictEqual(
      nested(
        pipe(
          rows,
          T.searchSorted(
            T.constant([
              [2, 9],
              [15, NaN]
            ])
          )
        )
      ),
      [
        [1, 3],
        [1, 2]
      ]
    )
    assert.deepStrictEqual(nested(T.searchSorted(rows, T.constant([[2], [NaN]]), { side: "right" })), [[2], [3]])
    assert.throws(
      () => T.searchSorted(T.dyn(rows), T.dyn(T.ones([3, 1]))),
      ShapeError,
      "searchSorted: values [3, 1] and rows [2, 3] differ before the last axis"
    )
    assert.throws(() => T.searchSorted(T.dyn(T.ones([])), T.dyn(T.ones([]))), "searchSorted: [] has no axis")
  })
})

describe("bincount", () => {
  it("counts what lies inside, and adds up weights", () => {
    const n = T.constant([1, 3, 1, -1, 4], "i32")
    assert.deepStrictEqual(nested(T.bincount(n, 4)), [0, 2, 0, 1])
    const weights = T.constant([0.5, 2, 1, NaN, Infinity])
    assert.deepStrictEqual(nested(pipe(n, T.bincount(4, { weights }))), [0, 1.5, 0, 2])
    assert.deepStrictEqual(nested(T.bincount(T.zeros([0], "i32"), 2)), [0, 0])
    assert.deepStrictEqual(T.bincount(n, 0).shape, [0])
    assert.throws(() => T.bincount(n, 4, { weights: T.ones([2]) }), "bincount: weights [2] for indices [5]")
    assert.throws(() => T.bincount(T.ones([2]) as never, 4), DTypeError, "bincount: indices must be i32, they are f32")
  })
})

describe("nonzero", () => {
  it("gives the coordinates of the first elements that are not zero", () => {
    const x = T.constant([
      [0, 7, -0],
      [NaN, 0, 5]
    ])
    assert.deepStrictEqual(nested(T.nonzero(x, 2)), [
      [0, 1],
      [1, 0]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.nonzero(4, { fill: -1 }))), [
      [0, 1],
      [1, 0],
      [1, 2],
      [-1, -1]
    ])
    assert.deepStrictEqual(nested(T.nonzero(T.constant([true, false], "bool"), 4, { fill: 9 })), [[0], [9], [9], [9]])
    assert.deepStrictEqual(T.nonzero(T.constant(3), 2).shape, [2, 0])
    assert.deepStrictEqual(nested(T.nonzero(T.zeros([0, 2]), 1)), [[0, 0]])
    assert.throws(() => T.nonzero(x, 0.5), "nonzero: the number of places is a whole number, 0 or more; it is 0.5")
  })
})

describe("argmax and argmin", () => {
  it("give the first of equal elements, and take NaN for the extreme", () => {
    const x = T.constant([
      [1, NaN, 2, NaN],
      [3, 0, 3, 0]
    ])
    assert.deepStrictEqual(nested(T.argmax(x)), [1, 0])
    assert.deepStrictEqual(nested(T.argmin(x)), [1, 1])
    assert.deepStrictEqual(nested(T.argmin(x, { axis: 0, keepDims: true })), [[0, 0, 0, 0]])
  })

  it("search all elements in row-major order", () => {
    const x = T.constant([
      [1, 2],
      [7, 0]
    ])
    assert.deepStrictEqual([nested(T.argmax(x, { axis: "all" })), nested(T.argmin(x, { axis: "all" }))], [2, 3])
    assert.deepStrictEqual(nested(pipe(x, T.argmax({ axis: "all", keepDims: true }))), [[2]])
  })

  it("order integers over all their range", () => {
    assert.strictEqual(nested(T.argmin(T.constant([0, -2147483648, -2147483647], "i32"))), 1)
    assert.strictEqual(nested(T.argmin(T.constant([5, 4294967295, 0], "u32"))), 2)
    assert.throws(() => T.argmin(T.zeros([2, 0])), "axis 1 of [2, 0] is empty")
  })
})
