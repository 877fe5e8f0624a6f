import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const x = T.constant(
  [
    [1, 2, 3],
    [4, 5, 9]
  ],
  "f64"
)

describe("reductions", () => {
  it("go over all axes, one, or several", () => {
    assert.deepStrictEqual(numbers(T.sum(x)), [24])
    assert.deepStrictEqual(numbers(T.sum(x, { axis: 0 })), [5, 7, 12])
    assert.deepStrictEqual(numbers(pipe(x, T.sum({ axis: -1 }))), [6, 18])
    assert.deepStrictEqual(numbers(T.sum(x, { axis: [1, 0] })), [24])
    assert.deepStrictEqual(numbers(T.sum(x, { axis: [] })), numbers(x))
    const cube = T.reshape(T.iota(24), [2, 3, 4])
    assert.deepStrictEqual(numbers(T.sum(cube, { axis: [0, 2] })), [60, 92, 124])
    assert.deepStrictEqual(T.sum(cube, { axis: [0, -1], keepDims: true }).shape, [1, 3, 1])
  })

  it("have the values of their names", () => {
    assert.deepStrictEqual(numbers(T.mean(x, { axis: 1 })), [2, 6])
    assert.deepStrictEqual(numbers(T.max(x, { axis: 0 })), [4, 5, 9])
    assert.deepStrictEqual(numbers(T.min(x)), [1])
    assert.deepStrictEqual(numbers(T.variance(x, { axis: 1 })), [2 / 3, 14 / 3])
    assert.closeTo(numbers(T.logsumexp(x))[0] ?? NaN, Math.log(numbers(x).reduce((a, v) => a + Math.exp(v), 0)), 1e-14)
  })

  it("of nothing are the neutral element", () => {
    const none = T.zeros([0, 3])
    assert.deepStrictEqual(numbers(T.sum(none, { axis: 0 })), [0, 0, 0])
    assert.deepStrictEqual(numbers(T.mean(none, { axis: 0 })), [NaN, NaN, NaN])
    assert.deepStrictEqual(numbers(T.max(none, { axis: 0 })), [-Infinity, -Infinity, -Infinity])
    assert.deepStrictEqual(numbers(T.min(T.zeros([0], "i32"))), [2147483647])
    assert.deepStrictEqual(numbers(T.logsumexp(none, { axis: 0 })), [-Infinity, -Infinity, -Infinity])
  })

  it("pass NaN on", () => {
    const y = T.constant([1, NaN, 2])
    for (const f of [T.sum(y), T.mean(y), T.max(y), T.min(y), T.logsumexp(y)]) assert.deepStrictEqual(numbers(f), [NaN])
  })

  it("argmax is the first of the largest, and NaN is the largest", () => {
    assert.deepStrictEqual(numbers(T.argmax(T.constant([1, 3, 3]))), [1])
    assert.deepStrictEqual(numbers(T.argmax(T.constant([1, NaN, 3, NaN]))), [1])
    assert.deepStrictEqual(numbers(T.argmax(x)), [2, 2])
    assert.deepStrictEqual(numbers(T.argmax(x, { axis: 0 })), [1, 1, 1])
    assert.deepStrictEqual(T.argmax(x, { axis: 0, keepDims: true }).shape, [1, 3])
    assert.strictEqual(T.argmax(x).dtype, "i32")
    assert.throws(() => T.argmax(T.zeros([2, 0])), "argmax: axis 1 of [2, 0] is empty, it has no largest element")
  })
})

describe("sums of exponentials", () => {
  it("do not overflow", () => {
    assert.deepStrictEqual(numbers(T.logsumexp(T.constant([1000, 1000], "f64"))), [1000 + Math.LN2])
    assert.deepStrictEqual(numbers(T.softmax(T.constant([1000, 1000, -1000], "f64"))), [0.5, 0.5, 0])
    assert.deepStrictEqual(numbers(T.logSoftmax(T.constant([1000, 1000], "f64"))), [-Math.LN2, -Math.LN2])
  })

  it("of -Infinity are -Infinity, not NaN", () => {
    assert.deepStrictEqual(numbers(T.logsumexp(T.constant([-Infinity, -Infinity]))), [-Infinity])
    assert.deepStrictEqual(numbers(T.softmax(T.constant([-Infinity, 0]))), [0, 1])
  })

  it("normalise along the axis", () => {
    const rows = numbers(T.sum(T.softmax(x), { axis: 1 }))
    rows.forEach((sum) => assert.closeTo(sum, 1, 1e-15))
    const columns = numbers(T.sum(T.softmax(x, { axis: 0 }), { axis: 0 }))
    columns.forEach((sum) => assert.closeTo(sum, 1, 1e-15))
    numbers(T.exp(T.logSoftmax(x))).forEach((y, i) => assert.closeTo(y, numbers(T.softmax(x))[i] ?? NaN, 1e-15))
  })
})
