import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor) => Array.from(T.evaluate(x).data)
const image = T.reshape(T.iota(12, "f64"), [1, 3, 4, 1])
const ones = T.add(image, 1)
const kernel = T.reshape(T.constant([1, 2, 3, 4], "f64"), [2, 2, 1, 1])

describe("conv2d", () => {
  it("multiplies a kernel that is not turned round with every window", () => {
    // torch.nn.functional.conv2d
    assert.deepStrictEqual(numbers(T.conv2d(ones, kernel)), [44, 54, 64, 84, 94, 104])
    assert.deepStrictEqual(T.conv2d(ones, kernel).shape, [1, 2, 3, 1])
    assert.deepStrictEqual(numbers(pipe(ones, T.conv2d(kernel, { stride: 2, padding: 1 }))), [4, 18, 12, 46, 94, 44])
  })

  it("pads the odd element behind where the size is to stay, as Keras does", () => {
    assert.deepStrictEqual(
      numbers(T.conv2d(ones, kernel, { padding: "same" })),
      numbers(
        T.conv2d(ones, kernel, {
          padding: [
            [0, 1],
            [0, 1]
          ]
        })
      )
    )
    assert.deepStrictEqual(T.conv2d(ones, kernel, { padding: "same", stride: 2 }).shape, [1, 2, 2, 1])
    // ceil(3 / 2) windows of 2 need one more row, ceil(4 / 2) of them no more columns.
    assert.deepStrictEqual(
      numbers(T.conv2d(ones, kernel, { padding: "same", stride: 2 })),
      numbers(
        T.conv2d(ones, kernel, {
          padding: [
            [0, 1],
            [0, 0]
          ],
          stride: 2
        })
      )
    )
  })

  it("is the same with channels first and the kernel as torch has it", () => {
    const x = T.reshape(T.iota(2 * 5 * 4 * 3, "f64"), [2, 5, 4, 3])
    const w = T.reshape(T.iota(2 * 3 * 3 * 2, "f64"), [2, 3, 3, 2])
    const last = T.conv2d(x, w, { bias: T.constant([1, -1], "f64") })
    const first = T.conv2d(T.transpose(x, [0, 3, 1, 2]), T.transpose(w, [3, 2, 0, 1]), {
      bias: T.constant([1, -1], "f64"),
      layout: "channelsFirst"
    })
    assert.deepStrictEqual(first.shape, [2, 2, 4, 2])
    assert.deepStrictEqual(numbers(T.transpose(first, [0, 2, 3, 1])), numbers(last))
  })

  it("takes one image without a batch", () => {
    const one = T.reshape(ones, [3, 4, 1])
    assert.deepStrictEqual(T.conv2d(one, kernel).shape, [2, 3, 1])
    assert.deepStrictEqual(numbers(T.conv2d(one, kernel)), [44, 54, 64, 84, 94, 104])
    assert.deepStrictEqual(T.convTranspose2d(one, kernel).shape, [4, 5, 1])
  })

  it("keeps groups of channels apart", () => {
    const x = T.constant([[[1, 10]]], "f64")
    const w = T.constant([[[2, 3]]], "f64")
    assert.deepStrictEqual(numbers(T.conv1d(x, w, { groups: 2 })), [2, 30])
    // Two filters for every channel: the channel is the slower part of the result's.
    assert.deepStrictEqual(
      numbers(
        T.depthwiseConv1d(
          x,
          T.constant(
            [
              [
                [2, 3],
                [4, 5]
              ]
            ],
            "f64"
          )
        )
      ),
      [2, 3, 40, 50]
    )
  })

  it("refuses what does not fit", () => {
    const throws = (f: () => unknown, sentence: string) => assert.throws(f, ShapeError, sentence)
    throws(
      () => T.conv2d(T.dyn(T.ones([1, 3, 4, 2], "f64")), T.dyn(kernel)),
      "conv2d: [1, 3, 4, 2] has 2 channels, the kernel [2, 2, 1, 1] takes 1"
    )
    throws(() => T.conv2d(image, kernel, { stride: 0 }), "conv2d: stride [0, 0] must be whole numbers, 1 or more")
    throws(() => T.conv2d(image, kernel, { stride: [1, 2, 3] }), "conv2d: stride [1, 2, 3] for 2 spatial axes")
    throws(
      () => T.conv2d(image, kernel, { padding: -1 }),
      "conv2d: paddings [[-1, -1], [-1, -1]] must be whole numbers, 0 or more"
    )
    throws(() => T.conv2d(image, kernel, { padding: [1] }), "conv2d: 1 paddings for 2 spatial axes")
    throws(() => T.conv2d(T.dyn(image), kernel, { groups: 0 }), "conv2d: 0 groups; there is at least one")
    throws(() => T.conv2d(image, kernel, { bias: T.ones([2], "f64") }), "conv2d: needs a bias [1], got [2]")
    throws(
      () => T.convTranspose1d(T.ones([1, 4, 1]), T.ones([3, 1, 1]), { outputPadding: 1 }),
      "convTranspose1d: outputPadding 1 must be less than 1"
    )
    throws(
      () => T.convTranspose1d(T.ones([1, 1, 1]), T.ones([3, 1, 1]), { padding: 2 }),
      "convTranspose1d: padding 2 and 2 leave nothing of the 3 places"
    )
    assert.throws(() => T.conv2d(image, kernel, { bias: T.ones([1]) }), DTypeError, "conv2d: f64 with f32")
  })

  it("sums of nothing: no examples, no filters", () => {
    assert.deepStrictEqual(T.conv2d(T.ones([0, 3, 3, 1]), T.ones([2, 2, 1, 4])).shape, [0, 2, 2, 4])
    assert.deepStrictEqual(numbers(T.conv2d(T.ones([1, 3, 3, 1]), T.ones([2, 2, 1, 0]))), [])
  })
})

describe("convTranspose2d", () => {
  it("lays the kernel down once for every number", () => {
    // torch.nn.functional.conv_transpose2d
    const x = T.reshape(T.constant([1, 2, 3, 4], "f64"), [1, 2, 2, 1])
    const y = T.convTranspose2d(x, kernel, { stride: 2, padding: 1, outputPadding: 1 })
    assert.deepStrictEqual(y.shape, [1, 3, 3, 1])
    assert.deepStrictEqual(numbers(y), [4, 6, 8, 6, 4, 8, 12, 12, 16])
    assert.deepStrictEqual(T.convTranspose2d(x, kernel, { stride: 3, padding: "same" }).shape, [1, 6, 6, 1])
  })
})
