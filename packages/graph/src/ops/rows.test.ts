import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, ShapeError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))

const table = T.constant([
  [10, 11],
  [20, 21],
  [30, 31]
])
/** Indices that are known when the program runs only. */
const computed = (...indices: ReadonlyArray<number>) => T.add(T.constant(indices, "i32"), T.zeros([], "i32"))
const far = computed(-1, -(2 ** 31), 3, 2 ** 31 - 1)

describe("take", () => {
  it("takes rows along any axis", () => {
    assert.deepStrictEqual(nested(T.take(table, T.constant([2, 0, 2], "i32"))), [
      [30, 31],
      [10, 11],
      [30, 31]
    ])
    assert.deepStrictEqual(nested(T.take(table, T.constant(1, "i32"))), [20, 21])
    assert.deepStrictEqual(T.take(table, T.zeros([4, 5], "i32")).shape, [4, 5, 2])
    assert.deepStrictEqual(T.take(table, T.zeros([4, 5], "i32"), { axis: 1 }).shape, [3, 4, 5])
    assert.deepStrictEqual(nested(pipe(table, T.take(T.constant([1], "i32"), { axis: -1 }))), [[11], [21], [31]])
  })

  it("counts negative indices from the back, and moves one out of range to the nearest row", () => {
    assert.deepStrictEqual(nested(T.take(table, T.constant([-1, -3], "i32"))), [
      [30, 31],
      [10, 11]
    ])
    assert.deepStrictEqual(nested(T.take(table, far)), [
      [30, 31],
      [10, 11],
      [30, 31],
      [30, 31]
    ])
    assert.deepStrictEqual(nested(T.take(table, far, { axis: 1 })), [
      [11, 10, 11, 11],
      [21, 20, 21, 21],
      [31, 30, 31, 31]
    ])
    // Its transpose adds there, so that gradients of what was read arrive where it was read.
    const added = ops.scatterAdd(T.zeros([3]), far, T.constant([1, 2, 4, 8]), 0)
    assert.deepStrictEqual(nested(added), [2, 0, 13])
  })

  it("refuses constants out of range", () => {
    assert.throws(
      () => T.take(table, T.constant([0, 3], "i32")),
      ShapeError,
      "take: index 3 is out of range for axis 0 of [3, 2]"
    )
    assert.throws(
      () => T.take(table, T.constant(-3, "i32"), { axis: 1 }),
      "take: index -3 is out of range for axis 1 of [3, 2]"
    )
  })

  it("needs a row to take", () => {
    assert.throws(
      () => T.take(T.zeros([0, 2]), T.constant([0], "i32")),
      "take: axis 0 of [0, 2] is empty, no index is in range"
    )
    assert.throws(
      () => T.take(table, T.constant([true], "bool") as never),
      DTypeError,
      "take: a mask selects a number of elements that only the values know; use T.where, or T.nonzero with a size"
    )
  })
})

describe("indexAdd", () => {
  const rows = T.ones([3, 2])

  it("adds rows at indices, as often as they stand there", () => {
    assert.deepStrictEqual(nested(T.indexAdd(table, T.constant([0, 2, 0], "i32"), rows)), [
      [12, 13],
      [20, 21],
      [31, 32]
    ])
    assert.deepStrictEqual(nested(pipe(table, T.indexAdd(T.constant([-1], "i32"), T.ones([1, 2]), { alpha: -10 }))), [
      [10, 11],
      [20, 21],
      [20, 21]
    ])
    assert.deepStrictEqual(
      nested(T.indexAdd(T.at(table, [{ start: 2 }]), T.constant([1, 1], "i32"), T.ones([1, 2]), { axis: 1 })),
      [[30, 33]]
    )
  })

  it("refuses rows that do not fit", () => {
    assert.throws(
      () => T.indexAdd(T.dyn(table), T.constant([0, 1], "i32"), T.dyn(rows)),
      "indexAdd: rows have shape [3, 2], these indices need [2, 2]"
    )
    assert.throws(
      () => T.indexAdd(table, T.constant([0, 1, 7], "i32"), rows),
      "indexAdd: index 7 is out of range for axis 0 of [3, 2]"
    )
  })
})
