import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const line = T.constant([1, 2, 3, 4, 5])

describe("windows", () => {
  it("stand beside each other along a new last axis", () => {
    assert.deepStrictEqual(nested(T.windows(line, 3, { stride: 2 })), [
      [1, 2, 3],
      [3, 4, 5]
    ])
    assert.deepStrictEqual(nested(pipe(line, T.windows(2, { dilation: 3 }))), [
      [1, 4],
      [2, 5]
    ])
    // Blocks leave what is behind the last whole one.
    assert.deepStrictEqual(nested(T.windows(line, 2, { stride: 2 })), [
      [1, 2],
      [3, 4]
    ])
  })

  it("are laid back where they were cut out, and add up", () => {
    const cut = T.windows(line, 3)
    assert.deepStrictEqual(nested(T.overlapAdd(cut)), [1, 4, 9, 8, 5])
    assert.deepStrictEqual(
      nested(T.overlapAdd(T.windows(line, 2, { stride: 2 }), { stride: 2, length: 5 })),
      [1, 2, 3, 4, 0]
    )
  })

  it("refuse what does not fit", () => {
    assert.throws(
      () => T.windows(T.dyn(line), 6),
      ShapeError,
      "windows: a window over 6 places does not fit in axis 0 of [5]"
    )
    assert.throws(
      () => T.windows(line, 2, { stride: 0 }),
      ShapeError,
      "windows: stride [0] must be whole numbers, 1 or more"
    )
    assert.throws(
      () => T.overlapAdd(T.ones([3, 2]), { length: 9 }),
      ShapeError,
      "overlapAdd: 9 places hold 8 windows of 2, [3, 2] has 3"
    )
  })
})

describe("unfold and fold", () => {
  const image = T.reshape(T.iota(12), [1, 3, 2, 2])

  it("write windows as lines, the channel fastest, or slowest with channels first", () => {
    assert.deepStrictEqual(nested(T.unfold(image, [2, 1])), [
      [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
        [4, 5, 8, 9],
        [6, 7, 10, 11]
      ]
    ])
    const first = T.unfold(T.transpose(image, [0, 3, 1, 2]), [2, 1], { layout: "channelsFirst" })
    assert.deepStrictEqual(nested(first), [
      [
        [0, 2, 4, 6],
        [4, 6, 8, 10],
        [1, 3, 5, 7],
        [5, 7, 9, 11]
      ]
    ])
  })

  it("are transposes of each other", () => {
    const options = { stride: 2, padding: 1 }
    const counts = T.fold(T.unfold(T.ones([1, 4, 5, 2]), 3, options), [4, 5], 3, options)
    // Every element comes back as often as windows cover it.
    assert.deepStrictEqual(nested(T.slice(counts, [{}, {}, {}, { end: 1 }])), [
      [
        [[1], [2], [1], [2], [1]],
        [[2], [4], [2], [4], [2]],
        [[1], [2], [1], [2], [1]],
        [[1], [2], [1], [2], [1]]
      ].map((row) => row)
    ])
    assert.throws(
      () => T.fold(T.ones([1, 5, 4]), 4, 2, { stride: 2 }),
      ShapeError,
      "fold: 4x4 places hold 2x2 windows of 2x2, [1, 5, 4] has 5"
    )
    assert.throws(
      () => T.fold(T.ones([1, 4, 5]), 4, 2, { stride: 2 }),
      ShapeError,
      "has 5 numbers in a column, no multiple of the window's 4"
    )
  })
})

describe("pixelShuffle", () => {
  it("has the order of TensorFlow channels last and of PyTorch channels first", () => {
    const channels = T.reshape(T.iota(8), [1, 1, 1, 8])
    assert.deepStrictEqual(nested(T.pixelShuffle(channels, 2)), [
      [
        [
          [0, 1],
          [2, 3]
        ],
        [
          [4, 5],
          [6, 7]
        ]
      ]
    ])
    const first = T.pixelShuffle(T.reshape(channels, [1, 8, 1, 1]), 2, { layout: "channelsFirst" })
    assert.deepStrictEqual(nested(T.reshape(first, [8])), [0, 1, 2, 3, 4, 5, 6, 7])
    assert.deepStrictEqual(first.shape, [1, 2, 2, 2])
  })

  it("is undone by pixelUnshuffle", () => {
    const x = T.reshape(T.iota(2 * 3 * 4 * 8), [2, 3, 4, 8])
    assert.deepStrictEqual(nested(T.pixelUnshuffle(T.pixelShuffle(x, 2), 2)), nested(x))
    assert.throws(
      () => T.pixelShuffle(T.dyn(x), 3),
      ShapeError,
      "pixelShuffle: [2, 3, 4, 8] has 8 channels, no multiple of 9"
    )
    assert.throws(
      () => T.pixelUnshuffle(T.dyn(x), 2),
      ShapeError,
      "pixelUnshuffle: [2, 3, 4, 8] is 3x4, no multiples of 2"
    )
  })
})
