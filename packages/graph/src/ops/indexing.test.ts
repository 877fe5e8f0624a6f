import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
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

  it("goes backwards by negative steps, as Python does", () => {
    const v = T.iota(6)
    assert.deepStrictEqual(nested(T.slice(v, [{ step: -1 }])), [5, 4, 3, 2, 1, 0])
    assert.deepStrictEqual(nested(T.slice(v, [{ start: -2, step: -2 }])), [4, 2, 0])
    assert.deepStrictEqual(nested(T.slice(v, [{ start: 9, end: 1, step: -3 }])), [5, 2])
    assert.deepStrictEqual(nested(T.slice(v, [{ end: -4, step: -1 }])), [5, 4, 3])
    assert.deepStrictEqual(nested(T.slice(v, [{ start: 2, end: -7, step: -1 }])), [2, 1, 0])
    assert.deepStrictEqual(nested(T.slice(v, [{ start: 1, end: 4, step: -1 }])), [])
    assert.deepStrictEqual(nested(T.slice(T.zeros([0]), [{ step: -1 }])), [])
    assert.deepStrictEqual(nested(T.slice(x, [{ start: 0, end: 1, step: -1 }, {}])), [])
  })

  it("refuses steps and places that are no whole numbers", () => {
    assert.throws(
      () => T.slice(x, [{ step: 0 }]),
      ShapeError,
      "slice: from 0 to 3 by 0 does not lie in axis 0 of [3, 4]"
    )
    assert.throws(() => T.slice(x, [{ start: 0.5 }]), "slice: from 0.5 to 3 by 1 does not lie")
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
