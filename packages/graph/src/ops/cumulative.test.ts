import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import type { AnyTensor } from "../tensor.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const rows = T.constant(
  [
    [1, 2, 3],
    [4, 0, 6]
  ],
  "f64"
)

describe("cumulative operations", () => {
  it("run along the last axis, or another, from either end, with or without themselves", () => {
    assert.deepStrictEqual(numbers(T.cumsum(rows)), [1, 3, 6, 4, 4, 10])
    assert.deepStrictEqual(numbers(T.cumsum(rows, { axis: 0 })), [1, 2, 3, 5, 2, 9])
    assert.deepStrictEqual(numbers(T.cumsum(rows, { reverse: true })), [6, 5, 3, 10, 6, 6])
    assert.deepStrictEqual(numbers(T.cumsum(rows, { exclusive: true })), [0, 1, 3, 0, 4, 4])
    assert.deepStrictEqual(numbers(T.cumsum(rows, { exclusive: true, reverse: true })), [5, 3, 0, 6, 6, 0])
    assert.deepStrictEqual(numbers(T.cumprod(rows)), [1, 2, 6, 4, 0, 0])
    assert.deepStrictEqual(numbers(T.cumprod(rows, { reverse: true, exclusive: true })), [6, 3, 1, 0, 6, 1])
    assert.deepStrictEqual(numbers(T.cummax(rows)), [1, 2, 3, 4, 4, 6])
    assert.deepStrictEqual(numbers(T.cummin(rows)), [1, 1, 1, 4, 0, 0])
    assert.deepStrictEqual(numbers(T.cumsum(T.constant([1, -2, 3], "i32"))), [1, -1, 2])
  })

  it("work on nothing and on one element", () => {
    assert.deepStrictEqual(numbers(T.cumsum(T.zeros([0]))), [])
    assert.deepStrictEqual(numbers(T.cumprod(T.zeros([2, 0]))), [])
    assert.deepStrictEqual(numbers(T.cummax(T.constant([7]))), [7])
  })

  it("logcumsumexp stands large, small and infinite terms", () => {
    const x = T.constant([-Infinity, -Infinity, 1000, 1000, Infinity], "f64")
    assert.deepStrictEqual(numbers(T.logcumsumexp(x)), [-Infinity, -Infinity, 1000, 1000 + Math.LN2, Infinity])
  })

  it("associativeScan takes trees and functions that do not commute", () => {
    // x -> a x + b composed from left to right.
    type Affine = { a: AnyTensor; b: AnyTensor }
    const maps = { a: T.constant([2, 3, 5], "f64"), b: T.constant([1, 1, 1], "f64") } as Affine
    const composed = T.associativeScan(
      (f: Affine, g: Affine): Affine => ({
        a: T.mul(f.a, g.a) as AnyTensor,
        b: T.add(T.mul(f.b, g.a), g.b) as AnyTensor
      }),
      maps
    )
    assert.deepStrictEqual(numbers(composed.a), [2, 6, 30])
    assert.deepStrictEqual(numbers(composed.b), [1, 4, 21])
    assert.throws(
      () => T.associativeScan((f: Affine) => f, { a: T.ones([3]), b: T.ones([4]) }),
      "associativeScan: a leaf has 4 elements along the axis, another has 3"
    )
  })

  it("diff takes differences of neighbours", () => {
    assert.deepStrictEqual(numbers(T.diff(rows)), [1, 1, -4, 6])
    assert.deepStrictEqual(numbers(T.diff(rows, { order: 2 })), [0, 10])
    assert.deepStrictEqual(numbers(T.diff(rows, { axis: 0 })), [3, -2, 3])
    assert.throws(() => T.diff(rows, { order: -1 }), "diff: order must be a whole number from 0, it is -1")
  })
})

describe("reductions", () => {
  it("prod of no elements is 1, and of integers wraps", () => {
    assert.deepStrictEqual(numbers(T.prod(T.zeros([0, 2]), { axis: 0 })), [1, 1])
    assert.deepStrictEqual(numbers(T.prod(T.constant([65536, 65536, 3], "i32"))), [0])
    assert.deepStrictEqual(numbers(T.prod(rows, { axis: 1, keepDims: true })), [6, 0])
  })

  it("variance and std divide by n less the correction", () => {
    const x = T.constant([1, 2, 3, 4], "f64")
    assert.deepStrictEqual(numbers(T.variance(x)), [1.25])
    assert.deepStrictEqual(numbers(T.variance(x, { correction: 1 })), [5 / 3])
    assert.deepStrictEqual(numbers(T.std(x)), [Math.sqrt(1.25)])
    assert.isNaN(numbers(T.variance(T.constant([1], "f64"), { correction: 1 }))[0])
  })

  it("any, all and count", () => {
    const m = T.greater(rows, 1)
    assert.deepStrictEqual(numbers(T.any(m, { axis: 1 })), [1, 1])
    assert.deepStrictEqual(numbers(T.all(m, { axis: 0 })), [0, 0, 1])
    assert.deepStrictEqual(numbers(T.count(m)), [4])
    assert.deepStrictEqual(numbers(T.all(T.less(T.zeros([0]), 1))), [1])
    assert.deepStrictEqual(numbers(T.any(T.less(T.zeros([0]), 1))), [0])
  })

  it("norms of every order", () => {
    const x = T.constant([3, -4, 0], "f64")
    const of = (p: number) => numbers(T.norm(x, { p }))[0]
    assert.deepStrictEqual([of(2), of(1), of(Infinity), of(-Infinity), of(0)], [5, 7, 4, 0, 2])
    assert.closeTo(of(3) ?? NaN, (27 + 64) ** (1 / 3), 1e-14)
  })
})
