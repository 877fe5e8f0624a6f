import { assert, describe, it } from "@effect/vitest"
import { ShapeError } from "./errors.ts"
import type { Value } from "./value.ts"
import * as Values from "./value.ts"

describe("fromNested", () => {
  it("reads the shape off the first rows", () => {
    const value = Values.fromNested([
      [1, 2, 3],
      [4, 5, 6]
    ])
    assert.deepStrictEqual(value.shape, [2, 3])
    assert.deepStrictEqual(value.data, Float32Array.of(1, 2, 3, 4, 5, 6))
    assert.deepStrictEqual(Values.fromNested(7).shape, [])
    assert.deepStrictEqual(Values.fromNested([]).shape, [0])
    assert.deepStrictEqual(Values.fromNested([[], []]).shape, [2, 0])
  })

  it("rounds to the element type", () => {
    assert.deepStrictEqual(Values.fromNested([0.1]).data, Float32Array.of(0.1))
    assert.deepStrictEqual(Values.fromNested([0.1], "f64").data, Float64Array.of(0.1))
    assert.deepStrictEqual(Values.fromNested([2 ** 32 + 5, -1], "u32").data, Uint32Array.of(5, 2 ** 32 - 1))
    assert.deepStrictEqual(Values.fromNested([3.7, -3.7], "i32").data, Int32Array.of(3, -3))
    assert.deepStrictEqual(Values.fromNested([true, false, true], "bool").data, Uint8Array.of(1, 0, 1))
    assert.deepStrictEqual(Values.fromNested([2, 0], "bool").data, Uint8Array.of(1, 0))
  })

  it("refuses ragged rows", () => {
    const refused = (nested: Values.Nested, sentence: string) =>
      assert.throws(() => Values.fromNested(nested), ShapeError, sentence)
    refused([[1, 2], [3]], "value: a row of length 1 follows one of length 2; rows must be equally long")
    refused([[1], [2, 3]], "value: a row of length 2 follows one of length 1; rows must be equally long")
    refused([[[1]], [[2], [3]]], "value: a row of length 2 follows one of length 1; rows must be equally long")
    refused([[1, 2], 3], "value: the rows are not all [2, 2]: a number stands at depth 1")
    refused([1, [2]], "value: the rows are not all [2]: a row stands at depth 1")
  })
})

describe("of", () => {
  it("takes an array of as many elements as the shape has", () => {
    assert.deepStrictEqual(Values.of(new Int32Array(6), [2, 3], "i32").shape, [2, 3])
    assert.throws(
      () => Values.of(new Float32Array(5), [2, 3], "f32"),
      "value: 5 elements do not fill [2, 3], which has 6"
    )
  })

  it("refuses what is not a shape", () => {
    const sentence = (shape: string) => `value: ${shape} is not a shape: sizes are whole numbers, 0 or more`
    assert.throws(() => Values.of(new Float32Array(6), [-2, -3], "f32"), sentence("[-2, -3]"))
    assert.throws(() => Values.of(new Float32Array(6), [1.5, 4], "f32"), sentence("[1.5, 4]"))
    assert.throws(() => Values.of(new Float32Array(6), ["batch", 4], "f32"), sentence("[batch, 4]"))
  })
})

describe("toNested", () => {
  const round = (nested: Values.Nested) => assert.deepStrictEqual(Values.toNested(Values.fromNested(nested)), nested)
  const empty = (...shape: ReadonlyArray<number>): Value => ({ shape, dtype: "f32", data: new Float32Array(0) })

  it("undoes fromNested", () => {
    round(3)
    round([1, 2])
    round([
      [
        [1, 2],
        [3, 4]
      ],
      [
        [5, 6],
        [7, 8]
      ]
    ])
    round([])
    round([[], []])
  })

  it("keeps the rows of empty arrays", () => {
    assert.deepStrictEqual(Values.toNested(empty(2, 0, 3)), [[], []])
    assert.deepStrictEqual(Values.toNested(empty(2, 3, 0)), [
      [[], [], []],
      [[], [], []]
    ])
    assert.deepStrictEqual(Values.toNested(empty(0, 3)), [])
  })
})

it("item is the number of a value of one element", () => {
  assert.strictEqual(Values.item(Values.fromNested([[5]])), 5)
  assert.throws(() => Values.item(Values.fromNested([1, 2])), "item: [2] has 2 elements, one is needed")
})

it("isValue tells values from other data", () => {
  assert.isTrue(Values.isValue(Values.fromNested([1])))
  assert.isFalse(Values.isValue({ shape: [1], dtype: "f32", data: [1] }))
  assert.isFalse(Values.isValue(null))
})
