import { assert, describe, it } from "@effect/vitest"
import { DTypeError, ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested, type Value } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))

describe("creation", () => {
  it("from numbers and nested arrays", () => {
    assert.deepStrictEqual([T.constant(3).shape, T.constant([[1], [2]]).shape], [[], [2, 1]])
    assert.strictEqual(T.constant(3).dtype, "f32")
    assert.deepStrictEqual(nested(T.constant([1, 2], "i32")), [1, 2])
  })

  it("from arrays, whose kind is the element type", () => {
    const dtypes = [
      new Float32Array(2),
      new Float64Array(2),
      new Int32Array(2),
      new Uint32Array(2),
      new Uint8Array(2)
    ].map((data) => T.fromArray(data, [2]).dtype)
    assert.deepStrictEqual(dtypes, ["f32", "f64", "i32", "u32", "bool"])
    assert.throws(() => T.fromArray(new Float32Array(5), [2, 3]), ShapeError, "value: 5 elements do not fill [2, 3]")
  })

  it("from values, which must be whole", () => {
    const value: Value = { shape: [2], dtype: "f32", data: Float32Array.of(1, 2) }
    assert.deepStrictEqual(nested(T.fromValue(value)), [1, 2])
    assert.throws(
      () => T.fromValue({ ...value, shape: [3] }),
      "constant: Float32Array of 2 elements does not fill f32[3]"
    )
    assert.throws(
      () => T.fromValue({ ...value, dtype: "i32" } as Value),
      "constant: Float32Array of 2 elements does not fill i32[2]"
    )
    assert.throws(() => T.fromValue(undefined as never), "fromValue: expected { shape, dtype, data }")
  })

  it("of one number, and of counts", () => {
    assert.deepStrictEqual(nested(T.full([2, 2], 7)), [
      [7, 7],
      [7, 7]
    ])
    assert.deepStrictEqual(nested(T.zeros([2], "i32")), [0, 0])
    assert.deepStrictEqual(nested(T.onesLike(T.zeros([2], "f64"))), [1, 1])
    assert.strictEqual(T.zerosLike(T.iota(3)).dtype, "i32")
    assert.deepStrictEqual(nested(T.iota(4)), [0, 1, 2, 3])
    assert.strictEqual(T.iota(4, "f64").dtype, "f64")
    assert.deepStrictEqual(nested(T.full([], 0.1)), Math.fround(0.1))
  })

  it("refuses what is not a shape", () => {
    const sentence = (name: string, shape: string) =>
      `${name}: ${shape} is not a shape: sizes are whole numbers, 0 or more`
    assert.throws(() => T.zeros([2.5, 2]), ShapeError, sentence("full", "[2.5, 2]"))
    assert.throws(() => T.ones([-1]), sentence("full", "[-1]"))
    assert.throws(() => T.iota(-3), sentence("iota", "[-3]"))
    assert.throws(() => T.iota(1.5), sentence("iota", "[1.5]"))
    assert.throws(() => T.iota(3, "bool"), DTypeError, "iota: defined for f32, f64, i32, u32, got bool; use T.cast")
    assert.throws(() => T.iota(2 ** 24 + 1, "f32"), "iota: [16777217] counts beyond 2^24, use i32")
    assert.strictEqual(T.iota(2 ** 24 + 1, "f64").shape[0], 2 ** 24 + 1)
  })
})
