import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))

describe("joining", () => {
  const a = T.constant([
    [1, 2],
    [3, 4]
  ])

  it("concat joins along the last axis", () => {
    const joined = [
      [1, 2, 5],
      [3, 4, 6]
    ]
    assert.deepStrictEqual(nested(T.concat(a, T.constant([[5], [6]]))), joined)
    assert.deepStrictEqual(nested(pipe(a, T.concat(T.constant([[5], [6]])))), joined)
    assert.deepStrictEqual(T.concat(a, T.zeros([2, 0])).shape, [2, 2])
    assert.throws(
      () => T.concat(T.dyn(T.ones([])), T.dyn(T.ones([]))),
      ShapeError,
      "concat: axis -1 does not exist in []"
    )
  })

  it("concatAll joins many along any axis", () => {
    assert.deepStrictEqual(T.concatAll([a, T.zeros([1, 2]), a]).shape, [5, 2])
    assert.deepStrictEqual(nested(T.concatAll([a, a], -1)), [
      [1, 2, 1, 2],
      [3, 4, 3, 4]
    ])
    assert.throws(() => T.concatAll([]), "concatAll: no tensor was given")
    assert.throws(() => T.concatAll([a], 2), "concatAll: axis 2 does not exist in [2, 2]")
    assert.throws(() => T.concatAll([a, T.zeros([2, 3])]), "concat: [2, 2] and [2, 3] differ beside axis 0")
    assert.throws(() => T.concatAll<"f32" | "f64">([a, T.zeros([2, 2], "f64")]), DTypeError, "concat: f32 with f64")
  })

  it("stack joins along a new first axis", () => {
    assert.deepStrictEqual(T.stack([a, a, a]).shape, [3, 2, 2])
    assert.deepStrictEqual(nested(T.stack([T.constant(1), T.constant(2)])), [1, 2])
    assert.throws(() => T.stack([]), "stack: no tensor was given")
    assert.throws(() => T.stack([T.dyn(a), T.dyn(T.zeros([4]))]), "stack: [2, 2] with [4]: the shapes must be equal")
  })
})
