import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const x = T.constant([
  [10, 11, 12],
  [20, 21, 22]
])
const i32 = (rows: ReadonlyArray<ReadonlyArray<number>>) => T.dyn(T.constant(rows, "i32"))
const computed = (rows: ReadonlyArray<ReadonlyArray<number>>) => T.dyn(T.add(T.constant(rows, "i32"), 0))

describe("takeAlongAxis", () => {
  it("reads element by element, and broadcasts beside the axis", () => {
    assert.deepStrictEqual(
      nested(
        T.takeAlongAxis(
          x,
          i32([
            [2, 0],
            [-1, 1]
          ])
        )
      ),
      [
        [12, 10],
        [22, 21]
      ]
    )
    assert.deepStrictEqual(nested(T.takeAlongAxis(x, i32([[1, 0, 1]]), { axis: 0 })), [[20, 11, 22]])
    assert.deepStrictEqual(nested(pipe(x, T.takeAlongAxis(i32([[2, 2]])))), [
      [12, 12],
      [22, 22]
    ])
    assert.deepStrictEqual(nested(T.takeAlongAxis(T.constant([[1, 2]]), i32([[0], [1]]))), [[1], [2]])
    assert.deepStrictEqual(nested(T.takeAlongAxis(T.constant([5, 6]), T.constant([1, 1, 0], "i32"))), [6, 6, 5])
  })

  it("moves computed indices into range and refuses known ones", () => {
    assert.deepStrictEqual(nested(T.takeAlongAxis(x, computed([[9, -9]]))), [
      [12, 10],
      [22, 20]
    ])
    assert.throws(
      () => T.takeAlongAxis(x, i32([[3], [0]])),
      ShapeError,
      "takeAlongAxis: index 3 is out of range for axis 1 of [2, 3]"
    )
  })

  it("refuses indices that do not fit", () => {
    assert.throws(
      () => T.takeAlongAxis(x, T.dyn(T.zeros([2], "i32"))),
      "takeAlongAxis: [2, 3] and indices [2] have different ranks"
    )
    assert.throws(
      () => T.takeAlongAxis(x, T.dyn(T.zeros([3, 1], "i32"))),
      "takeAlongAxis: [2, 3] and indices [3, 1] do not broadcast beside axis -1"
    )
    assert.throws(() => T.takeAlongAxis(x, i32([[0]]), { axis: 2 }), "takeAlongAxis: axis 2 does not exist in [2, 3]")
  })
})

describe("gather", () => {
  it("reads a part of the shape of the indices", () => {
    assert.deepStrictEqual(nested(T.gather(x, i32([[2, 2, 0, 1]]))), [[12, 12, 10, 11]])
    assert.deepStrictEqual(nested(T.gather(x, i32([[1], [0], [1]]), { axis: 0 })), [[20], [10], [20]])
    assert.deepStrictEqual(T.gather(x, T.zeros([2, 0], "i32")).shape, [2, 0])
    assert.throws(
      () => T.gather(x, T.dyn(T.zeros([3, 1], "i32"))),
      "gather: indices [3, 1] are larger than [2, 3] beside axis -1"
    )
  })
})

describe("scatter", () => {
  it("writes element by element; the last of several stays", () => {
    assert.deepStrictEqual(
      nested(
        T.scatter(
          x,
          i32([
            [0, 0],
            [2, -2]
          ]),
          T.constant([
            [1, 2],
            [3, 4]
          ])
        )
      ),
      [
        [2, 11, 12],
        [20, 4, 3]
      ]
    )
    assert.deepStrictEqual(nested(pipe(x, T.scatter(i32([[1, 0]]), 0, { axis: 0 }))), [
      [10, 0, 12],
      [0, 21, 22]
    ])
    // Of larger updates the part that the indices cover.
    assert.deepStrictEqual(
      nested(
        T.scatter(
          x,
          i32([[1]]),
          T.constant([
            [1, 2, 3],
            [4, 5, 6]
          ])
        )
      ),
      [
        [10, 1, 12],
        [20, 21, 22]
      ]
    )
    assert.strictEqual(T.scatter(x, T.zeros([0, 1], "i32"), 0), x)
  })

  it("moves computed indices into range and refuses known ones", () => {
    assert.deepStrictEqual(nested(T.scatter(x, computed([[9, -9]]), 0)), [
      [0, 11, 0],
      [20, 21, 22]
    ])
    assert.throws(() => T.scatter(x, i32([[3]]), 0), "scatter: index 3 is out of range for axis 1 of [2, 3]")
  })

  it("refuses updates that do not fit", () => {
    assert.throws(
      () => T.scatter(x, T.dyn(T.zeros([1, 2], "i32")), T.dyn(T.ones([2]))),
      "scatter: updates and indices have different ranks"
    )
    assert.throws(
      () => T.scatter(x, T.dyn(T.zeros([1, 2], "i32")), T.dyn(T.ones([1, 1]))),
      "scatter: updates [1, 1] are smaller than indices [1, 2]"
    )
  })
})

describe("scatterAdd", () => {
  it("adds element by element, as often as an index stands there", () => {
    assert.deepStrictEqual(
      nested(
        T.scatterAdd(
          x,
          i32([
            [0, 0],
            [2, -2]
          ]),
          T.constant([
            [1, 2],
            [3, 4]
          ])
        )
      ),
      [
        [13, 11, 12],
        [20, 25, 25]
      ]
    )
    assert.deepStrictEqual(nested(T.scatterAdd(x, computed([[9, -9, 9]]), 1)), [
      [11, 11, 14],
      [20, 21, 22]
    ])
  })
})
