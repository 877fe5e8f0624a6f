import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor) => Array.from(T.evaluate(x).data)
const line = (...xs: ReadonlyArray<number>) => T.reshape(T.constant([...xs], "f64"), [1, xs.length, 1])
const image = T.add(T.reshape(T.iota(12, "f64"), [1, 3, 4, 1]), 1)

/** The positions inside the windows that a pooling took. */
const positions = (x: AnyTensor, size: number, stride: number) => {
  const [, p = x] = ops.windowMax([x], { axes: [1], sizes: [size], strides: [stride], dilations: [1] })
  return numbers(p)
}

describe("maxPool", () => {
  it("takes the largest of every window", () => {
    assert.deepStrictEqual(numbers(T.maxPool2d(image, 2)), [6, 8])
    assert.deepStrictEqual(numbers(pipe(image, T.maxPool2d(2, { stride: 1 }))), [6, 7, 8, 10, 11, 12])
    assert.deepStrictEqual(numbers(T.maxPool2d(image, 2, { ceilMode: true })), [6, 8, 10, 12])
    assert.deepStrictEqual(numbers(T.maxPool1d(line(-3, -2, -1), 3, { padding: 1, stride: 1 })), [-2, -1, -1])
  })

  it("takes the first of equal elements, and NaN before any number", () => {
    assert.deepStrictEqual(positions(line(1, 2, 2, 1, 1, 1), 3, 3), [1, 0])
    assert.deepStrictEqual(positions(line(-Infinity, -Infinity, 0, NaN, 5, 7), 2, 2), [0, 1, 1])
    assert.deepStrictEqual(numbers(T.maxPool1d(line(0, NaN, 5, 7), 2)), [NaN, 7])
  })

  it("says where the largest stand", () => {
    const [values, indices] = T.maxPool2dWithIndices(image, 2, { stride: 1, padding: 1 })
    assert.deepStrictEqual(numbers(values), [1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12, 12, 9, 10, 11, 12, 12])
    assert.deepStrictEqual(
      numbers(indices),
      numbers(values).map((value) => value - 1)
    )
    assert.deepStrictEqual(indices.dtype, "i32")
  })

  it("works on integers and padding never wins", () => {
    const x = T.reshape(T.constant([-5, -7, -6, -8], "i32"), [1, 4, 1])
    assert.deepStrictEqual(numbers(T.maxPool1d(x, 2, { padding: 1 })), [-5, -6, -8])
  })

  it("refuses windows and padding that make no sense", () => {
    const throws = (f: () => unknown, sentence: string) => assert.throws(f, ShapeError, sentence)
    throws(() => T.maxPool2d(image, 2, { padding: 2 }), "maxPool2d: padding 2 is more than half of the window of 2x2")
    throws(
      () => T.maxPool2d(T.dyn(image), 4),
      "maxPool2d: a window of 4x4 does not fit in [1, 3, 4, 1]; use padding same"
    )
    throws(() => T.maxPool2d(image, 0), "maxPool2d: size [0, 0] must be whole numbers, 1 or more")
    throws(() => T.avgPool2d(image, 2, { divisor: 0 }), "avgPool2d: divisor 0")
  })
})

describe("avgPool", () => {
  it("divides by the window, by what lies inside, or by a number, as torch does", () => {
    const options = { stride: 2, padding: 1 }
    assert.deepStrictEqual(numbers(T.avgPool2d(image, 3, options)), [14 / 9, 30 / 9, 30 / 9, 6])
    assert.deepStrictEqual(numbers(T.avgPool2d(image, 3, { ...options, countIncludePad: false })), [3.5, 5, 7.5, 9])
    assert.deepStrictEqual(numbers(T.avgPool2d(image, 2, { ceilMode: true })), [3.5, 5.5, 9.5, 11.5])
    assert.deepStrictEqual(numbers(T.avgPool2d(image, 2, { divisor: 2 })), [7, 11])
  })

  it("does not count the padding that keeps the size, as Keras does not", () => {
    assert.deepStrictEqual(numbers(T.avgPool1d(line(2, 4, 8), 2, { padding: "same", stride: 1 })), [3, 6, 8])
  })
})

describe("pooling to a size", () => {
  it("takes the windows that torch takes", () => {
    const x = line(0, 1, 2, 3, 4)
    assert.deepStrictEqual(numbers(T.adaptiveAvgPool1d(x, 3)), [0.5, 2, 3.5])
    assert.deepStrictEqual(numbers(pipe(x, T.adaptiveMaxPool1d(2))), [2, 4])
    assert.deepStrictEqual(numbers(T.adaptiveAvgPool1d(x, 1)), [2])
    assert.deepStrictEqual(T.adaptiveAvgPool2d(image, [null, 2]).shape, [1, 3, 2, 1])
  })

  it("refuses sizes that are none", () => {
    assert.throws(() => T.adaptiveAvgPool2d(image, 0), ShapeError, "adaptiveAvgPool2d: [0, 0] is no size to reach")
    assert.throws(() => T.adaptiveMaxPool2d(image, [1]), ShapeError, "adaptiveMaxPool2d: 1 sizes for 2 spatial axes")
    assert.throws(() => T.adaptiveAvgPool1d(T.ones([1, 0, 3]), 1), ShapeError, "[1, 0, 3] has no elements to pool")
  })
})
