import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const x = T.reshape(T.iota(12), [3, 4])

describe("slice", () => {
  it("cuts from start to end by step", () => {
    assert.deepStrictEqual(nested(T.slice(x, [{ start: 1 }])), [
      [4, 5, 6, 7],
      [8, 9, 10, 11]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.slice([{ end: -1 }, { start: -3, step: 2 }]))), [
      [1, 3],
      [5, 7]
    ])
    assert.deepStrictEqual(T.slice(x, [{}, { start: 9 }]).shape, [3, 0])
    assert.deepStrictEqual(T.slice(x, [{ start: 2, end: 1 }]).shape, [0, 4])
    assert.strictEqual(T.evaluate(T.slice(x, [])).data.length, 12)
  })

  it("refuses steps and places that are no whole numbers", () => {
    assert.throws(
      () => T.slice(x, [{ step: 0 }]),
      ShapeError,
      "slice: from 0 to 3 by 0 does not lie in axis 0 of [3, 4]"
    )
    assert.throws(() => T.slice(x, [{ step: -1 }]), "slice: from 0 to 3 by -1 does not lie")
    assert.throws(() => T.slice(x, [{ start: 0.5 }]), "slice: from 0.5 to 3 by 1 does not lie")
  })
})

describe("pad", () => {
  it("surrounds with zeros or a value", () => {
    assert.deepStrictEqual(nested(T.pad(T.constant([1, 2]), [[1, 2]])), [0, 1, 2, 0, 0])
    assert.deepStrictEqual(
      nested(
        pipe(
          T.constant([[1]]),
          T.pad(
            [
              [1, 0],
              [0, 1]
            ],
            -Infinity
          )
        )
      ),
      [
        [-Infinity, -Infinity],
        [1, -Infinity]
      ]
    )
    assert.throws(
      () =>
        T.pad(x, [
          [-1, 0],
          [0, 0]
        ]),
      "padding is 0 or more; use slice to cut"
    )
    assert.throws(() => T.pad(T.constant([true], "bool"), [[1, 1]], 2), "pad: 2 is not a bool")
  })
})

describe("take", () => {
  const table = T.constant([
    [10, 11],
    [20, 21],
    [30, 31]
  ])

  it("takes rows", () => {
    assert.deepStrictEqual(nested(T.take(table, T.constant([2, 0, 2], "i32"))), [
      [30, 31],
      [10, 11],
      [30, 31]
    ])
    assert.deepStrictEqual(nested(T.take(table, T.constant(1, "i32"))), [20, 21])
    assert.deepStrictEqual(T.take(table, T.zeros([4, 5], "i32")).shape, [4, 5, 2])
  })

  it("moves an index out of range to the nearest row", () => {
    const far = T.constant([-1, -(2 ** 31), 3, 2 ** 31 - 1], "i32")
    assert.deepStrictEqual(nested(T.take(table, far)), [
      [10, 11],
      [10, 11],
      [30, 31],
      [30, 31]
    ])
    assert.deepStrictEqual(nested(ops.gather(table, far, 1)), [
      [10, 10, 11, 11],
      [20, 20, 21, 21],
      [30, 30, 31, 31]
    ])
    // Its transpose adds there, so that gradients of what was read arrive where it was read.
    const added = ops.scatterAdd(T.zeros([3]), far, T.constant([1, 2, 4, 8]), 0)
    assert.deepStrictEqual(nested(added), [3, 0, 12])
  })

  it("needs a row to take", () => {
    assert.throws(
      () => T.take(T.zeros([0, 2]), T.constant([0], "i32")),
      "axis 0 of [0, 2] is empty, no index is in range"
    )
  })
})

describe("oneHot", () => {
  it("is 1 at the class and zeros out of range", () => {
    assert.deepStrictEqual(nested(T.oneHot(T.constant([1, 0, 5, -1], "i32"), 3)), [
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0]
    ])
    assert.strictEqual(pipe(T.constant([1], "i32"), T.oneHot(3, "bool")).dtype, "bool")
  })
})

describe("where", () => {
  const condition = T.constant([true, false, true], "bool")

  it("chooses element by element", () => {
    const [a, b] = [T.constant([1, 2, 3]), T.constant([10, 20, 30])]
    assert.deepStrictEqual(nested(T.where(condition, a, b)), [1, 20, 3])
    assert.deepStrictEqual(nested(pipe(condition, T.where(a, 0))), [1, 0, 3])
    assert.deepStrictEqual(nested(T.where(condition, -1, b)), [-1, 20, -1])
    assert.deepStrictEqual(nested(T.where(condition, 1, 2)), [1, 2, 1])
    assert.deepStrictEqual(nested(T.where(condition, T.constant([[1], [2]]), 0)), [
      [1, 0, 1],
      [2, 0, 2]
    ])
  })

  it("does not let the other branch in", () => {
    assert.deepStrictEqual(nested(T.where(condition, T.constant([1, NaN, Infinity]), T.constant([NaN, 2, NaN]))), [
      1,
      2,
      Infinity
    ])
  })
})
