import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, OptionError, ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))

describe("argsort and sort", () => {
  it("order along any axis", () => {
    const x = T.constant([
      [3, 1, 2],
      [4, 6, 5]
    ])
    assert.deepStrictEqual(nested(T.argsort(x)), [
      [1, 2, 0],
      [0, 2, 1]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.sort({ descending: true }))), [
      [3, 2, 1],
      [6, 5, 4]
    ])
    assert.deepStrictEqual(nested(T.sort(x, { axis: 0, descending: true })), [
      [4, 6, 5],
      [3, 1, 2]
    ])
    assert.deepStrictEqual(T.sort(T.zeros([0, 3]), { axis: 0 }).shape, [0, 3])
  })

  it("keep the order of equal elements, in both directions", () => {
    const x = T.constant([1, 0, 1, -0, 1, 0])
    assert.deepStrictEqual(nested(T.argsort(x)), [1, 3, 5, 0, 2, 4])
    assert.deepStrictEqual(nested(T.argsort(x, { descending: true })), [0, 2, 4, 1, 3, 5])
  })

  it("take NaN for the greatest", () => {
    const x = T.constant([2, NaN, Infinity, NaN, -Infinity])
    assert.deepStrictEqual(nested(T.argsort(x)), [4, 0, 2, 1, 3])
    assert.deepStrictEqual(nested(T.argsort(x, { descending: true })), [1, 3, 2, 0, 4])
    assert.deepStrictEqual(nested(T.sort(x)), [-Infinity, 2, Infinity, NaN, NaN])
  })

  it("order integers over all their range", () => {
    assert.deepStrictEqual(
      nested(T.sort(T.constant([0, -2147483648, 2147483647, -1], "i32"))),
      [-2147483648, -1, 0, 2147483647]
    )
    assert.throws(() => T.sort(T.constant([true], "bool") as never), DTypeError, "sort: defined for")
    assert.throws(() => T.argsort(T.dyn(T.ones([2])), { axis: 1 }), ShapeError, "argsort: axis 1 does not exist in [2]")
  })
})

describe("topK", () => {
  it("takes the largest or the smallest, the extreme first", () => {
    const x = T.constant([3, 9, 7, 9])
    const { values, indices } = T.topK(x, 3)
    assert.deepStrictEqual(
      [nested(values), nested(indices)],
      [
        [9, 9, 7],
        [1, 3, 2]
      ]
    )
    const least = pipe(x, T.topK(2, { largest: false }))
    assert.deepStrictEqual(
      [nested(least.values), nested(least.indices)],
      [
        [3, 7],
        [0, 2]
      ]
    )
    assert.deepStrictEqual(nested(T.topK(T.constant([1, NaN, 2]), 1).indices), [1])
    assert.deepStrictEqual(T.topK(T.ones([4, 3]), 0, { axis: 0 }).values.shape, [0, 3])
    assert.throws(() => T.topK(T.dyn(x), 5), ShapeError, "topK: 5 elements of axis -1 of [4], which has 4")
    const few: number = -1
    assert.throws(() => T.topK(x, few), "topK: the number of elements is a whole number, 0 or more; it is -1")
  })
})

describe("quantile and median", () => {
  const x = T.constant([4, 1, 3, 2])

  it("lie between elements as the interpolation says", () => {
    assert.approximately(Number(nested(T.quantile(x, 0.4))), 2.2, 1e-6)
    const by = (interpolation: T.Interpolation) => nested(T.quantile(x, 0.5, { interpolation }))
    assert.deepStrictEqual([by("lower"), by("higher"), by("midpoint"), by("nearest")], [2, 3, 2.5, 3])
    assert.strictEqual(nested(T.quantile(x, 1 / 6, { interpolation: "nearest" })), 1)
    assert.deepStrictEqual([nested(T.quantile(x, 0)), nested(T.quantile(x, 1))], [1, 4])
    assert.deepStrictEqual([nested(T.median(x)), nested(T.median(x, { interpolation: "lower" }))], [2.5, 2])
  })

  it("reduce axes, and lists make a first axis", () => {
    const y = T.reshape(T.iota(12, "f32"), [2, 3, 2])
    assert.deepStrictEqual(T.quantile(y, [0.1, 0.5], { axis: [0, 2], keepDims: true }).shape, [2, 1, 3, 1])
    assert.deepStrictEqual(nested(pipe(y, T.median({ axis: [0, -1] }))), [3.5, 5.5, 7.5])
    assert.deepStrictEqual(T.quantile(y, [], { axis: 1 }).shape, [0, 2, 2])
  })

  it("of a NaN are NaN, and of equal infinities that infinity", () => {
    assert.deepStrictEqual(nested(T.quantile(T.constant([1, NaN, 2]), 0)), NaN)
    assert.deepStrictEqual(nested(T.median(T.constant([Infinity, Infinity]))), Infinity)
    assert.deepStrictEqual(nested(T.quantile(T.constant([1, Infinity]), 0.3)), Infinity)
  })

  it("refuse parts outside 0 to 1 and rows without elements", () => {
    assert.throws(() => T.quantile(x, 1.5), OptionError, "quantile: q must be 0 to 1, got 1.5")
    assert.throws(() => T.median(T.zeros([0])), ShapeError, "median: [0] has no elements along these axes")
  })
})
