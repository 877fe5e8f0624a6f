import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const x = T.constant([1, 2, 3])

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
    assert.deepStrictEqual(nested(T.pad(x, [[0, 1]], { value: 7 })), [1, 2, 3, 7])
    assert.throws(() => T.pad(T.constant([true], "bool"), [[1, 1]], 2), "pad: 2 is not a bool")
  })

  it("goes on with what stands there, by any width", () => {
    assert.deepStrictEqual(nested(T.pad(x, [[2, 1]], { mode: "reflect" })), [3, 2, 1, 2, 3, 2])
    assert.deepStrictEqual(nested(T.pad(x, [[5, 4]], { mode: "reflect" })), [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3])
    assert.deepStrictEqual(nested(T.pad(x, [[2, 1]], { mode: "symmetric" })), [2, 1, 1, 2, 3, 3])
    assert.deepStrictEqual(nested(T.pad(x, [[2, 1]], { mode: "replicate" })), [1, 1, 1, 2, 3, 3])
    assert.deepStrictEqual(nested(T.pad(x, [[4, 1]], { mode: "circular" })), [3, 1, 2, 3, 1, 2, 3, 1])
    assert.deepStrictEqual(nested(T.pad(T.constant([5]), [[2, 1]], { mode: "reflect" })), [5, 5, 5, 5])
    assert.deepStrictEqual(nested(T.pad(x, [[-1, 2]], { mode: "circular" })), [2, 3, 1, 2])
  })

  it("cuts off where widths are negative", () => {
    assert.deepStrictEqual(nested(T.pad(x, [[-1, 1]], 9)), [2, 3, 9])
    assert.deepStrictEqual(nested(T.pad(x, [[-2, -1]])), [])
    // Only what was added is left.
    assert.deepStrictEqual(nested(T.pad(x, [[-4, 3]], 9)), [9, 9])
  })

  it("refuses to cut more than there is and to repeat nothing", () => {
    assert.throws(() => T.pad(x, [[-2, -2]]), ShapeError, "pad: -2 and -2 cut more than there is of axis 0 of [3]")
    assert.throws(() => T.pad(x, [[0.5, 0]]), ShapeError, "pad: 0.5 and 0 around axis 0 of [3] must be whole numbers")
    assert.throws(
      () => T.pad(T.zeros([0]), [[1, 0]], { mode: "circular" }),
      ShapeError,
      "pad: axis 0 of [0] is empty, there is nothing to repeat"
    )
  })
})
