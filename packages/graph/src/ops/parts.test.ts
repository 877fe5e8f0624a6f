/** Tensors cut, joined, repeated, turned and rearranged. */
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const x = T.reshape(T.iota(6), [2, 3])

describe("flip and roll", () => {
  it("turn axes round", () => {
    assert.deepStrictEqual(nested(T.flip(x)), [
      [5, 4, 3],
      [2, 1, 0]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.flip({ axis: -1 }))), [
      [2, 1, 0],
      [5, 4, 3]
    ])
    assert.strictEqual(T.flip(x, { axis: [] }), x)
    assert.throws(() => T.flip(T.dyn(x), { axis: [0, -2] }), "flip: an axis is named twice in [0, -2]")
  })

  it("move elements round axes", () => {
    assert.deepStrictEqual(nested(T.roll(x, 1)), [
      [5, 0, 1],
      [2, 3, 4]
    ])
    assert.deepStrictEqual(nested(T.roll(x, [1, -7], { axis: [0, 1] })), [
      [4, 5, 3],
      [1, 2, 0]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.roll([1, 1], { axis: [1, 1] }))), nested(T.roll(x, 2, { axis: 1 })))
    assert.deepStrictEqual(T.roll(T.zeros([0]), 3).shape, [0])
    assert.throws(() => T.roll(x, [1, 2], { axis: 0 }), ShapeError, "roll: 2 shifts for 1 axes; give one for each axis")
    assert.throws(() => T.roll(x, 0.5), "roll: shifts are whole numbers, got 0.5")
    assert.throws(() => T.roll(T.dyn(x), 1, { axis: 2 }), "roll: axis 2 does not exist in [2, 3]")
  })
})

describe("rot90", () => {
  it("turns a plane, as often as it is told", () => {
    assert.deepStrictEqual(nested(T.rot90(x)), [
      [2, 5],
      [1, 4],
      [0, 3]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.rot90({ times: 2 }))), nested(T.flip(x)))
    assert.deepStrictEqual(nested(T.rot90(x, { times: -1 })), nested(T.rot90(x, { axes: [1, 0] })))
    assert.strictEqual(T.rot90(x, { times: 4 }), x)
    assert.throws(() => T.rot90(x, { axes: [0, -2] }), "rot90: axes 0 and -2 make no plane")
  })
})

describe("diagonals and triangles", () => {
  it("take and make diagonals", () => {
    assert.deepStrictEqual(nested(T.diagonal(x, { offset: 1 })), [1, 5])
    assert.deepStrictEqual(nested(T.diagonal(x, { offset: -5 })), [])
    assert.deepStrictEqual(nested(pipe(x, T.diagonal({ rows: 1, columns: 0, offset: -1 }))), [1, 5])
    assert.deepStrictEqual(nested(T.diag(T.constant([1, 2]), { offset: -1 })), [
      [0, 0, 0],
      [1, 0, 0],
      [0, 2, 0]
    ])
    assert.deepStrictEqual(nested(T.diag(x)), [0, 4])
    assert.deepStrictEqual(T.diag(T.zeros([0]), { offset: 2 }).shape, [2, 2])
    assert.strictEqual(nested(T.trace(x, { offset: 1 })), 6)
    assert.throws(() => T.diagonal(T.dyn(x), { rows: 1 }), "diagonal: an axis is named twice in [1, 1]")
    assert.throws(() => T.diag(x, { offset: 0.5 }), "diag: the offset is a whole number, it is 0.5")
    assert.throws(() => T.diag(T.dyn(T.ones([]))), "diag: [] is neither a vector nor a matrix; use T.diagonal")
  })

  it("keep triangles, whatever the offset and whatever is replaced", () => {
    const y = T.constant([
      [1, NaN, Infinity],
      [2, 3, 4]
    ])
    assert.deepStrictEqual(nested(T.tril(y)), [
      [1, 0, 0],
      [2, 3, 0]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.triu({ offset: 1 }))), [
      [0, 1, 2],
      [0, 0, 5]
    ])
    assert.deepStrictEqual(nested(T.tril(x, { offset: 9e9 })), nested(x))
    assert.deepStrictEqual(nested(T.triu(x, { offset: 9e9 })), nested(T.zeros([2, 3])))
    assert.deepStrictEqual(nested(T.triu(x, { offset: -9e9 })), nested(x))
  })
})

describe("axes", () => {
  it("are moved, exchanged, dropped and merged", () => {
    const y = T.ones([2, 3, 4])
    assert.deepStrictEqual(T.swapAxes(y, 0, -1).shape, [4, 3, 2])
    assert.deepStrictEqual(T.moveAxis(y, 0, -1).shape, [3, 4, 2])
    assert.deepStrictEqual(T.moveAxis(y, [0, 1], [2, 0]).shape, [3, 4, 2])
    assert.deepStrictEqual(T.squeeze(T.ones([1, 2, 1])).shape, [2])
    assert.deepStrictEqual(T.squeeze(T.ones([1, 2, 1]), { axis: [0] }).shape, [2, 1])
    assert.deepStrictEqual(T.flatten(y, { from: 0 }).shape, [24])
    assert.deepStrictEqual(pipe(y, T.flatten({ from: 0, to: 1 })).shape, [6, 4])
    assert.deepStrictEqual(T.flatten(T.dyn(T.ones([])), { from: 0 }).shape, [1])
    assert.throws(() => T.flatten(T.dyn(y), { from: 2, to: 1 }), "flatten: axis 2 comes behind axis 1")
    assert.throws(() => T.squeeze(T.dyn(y), { axis: 1 }), "squeeze: axis 1 of [2, 3, 4] has size 3, not 1")
    assert.throws(() => T.moveAxis(y, [0, 1], [0]), "moveAxis: 2 axes for 1 places; give one place for each axis")
  })

  it("make a mesh", () => {
    const [row, column] = T.meshgrid([T.iota(2), T.iota(3)])
    assert.deepStrictEqual(
      [nested(row), nested(column)],
      [
        [
          [0, 0, 0],
          [1, 1, 1]
        ],
        [
          [0, 1, 2],
          [0, 1, 2]
        ]
      ]
    )
    assert.deepStrictEqual(nested(T.meshgrid([T.iota(2), T.iota(3)], { indexing: "xy" })[0]), [
      [0, 1],
      [0, 1],
      [0, 1]
    ])
    assert.throws(() => T.meshgrid([T.dyn(x)]), "meshgrid: [2, 3] is no vector")
  })
})

describe("repetition", () => {
  it("repeats tensors and elements", () => {
    assert.deepStrictEqual(nested(T.tile(T.constant([1, 2]), [2, 2])), [
      [1, 2, 1, 2],
      [1, 2, 1, 2]
    ])
    assert.deepStrictEqual(T.tile(x, [2]).shape, [2, 6])
    assert.deepStrictEqual(T.tile(x, [0, 1]).shape, [0, 3])
    assert.deepStrictEqual(nested(T.repeatInterleave(T.constant([1, 2]), 2)), [1, 1, 2, 2])
    assert.deepStrictEqual(nested(pipe(x, T.repeatInterleave([0, 2, 1], { axis: 1 }))), [
      [1, 1, 2],
      [4, 4, 5]
    ])
    assert.deepStrictEqual(T.repeatInterleave(x, [0, 0], { axis: 0 }).shape, [0, 3])
    assert.throws(() => T.tile(x, [-1]), "tile: [-1] are no counts: they are whole numbers, 0 or more")
    assert.throws(
      () => T.repeatInterleave(x, [1], { axis: 0 }),
      "repeatInterleave: 1 counts for the 2 places of axis 0 of [2, 3]"
    )
  })
})

describe("parts", () => {
  it("split, chunk and unstack", () => {
    const shapes = (parts: ReadonlyArray<AnyTensor>) => parts.map(({ shape }) => shape)
    assert.deepStrictEqual(T.split(x, [1, 0, 2], { axis: 1 }).map(nested), [
      [[0], [3]],
      [[], []],
      [
        [1, 2],
        [4, 5]
      ]
    ])
    assert.deepStrictEqual(shapes(T.split(x, 2, { axis: 1 })), [
      [2, 2],
      [2, 1]
    ])
    assert.deepStrictEqual(shapes(T.chunk(T.ones([7]), 3)), [[3], [3], [1]])
    assert.deepStrictEqual(shapes(pipe(T.ones([2, 5]), T.chunk(4, { axis: -1 }))), [
      [2, 2],
      [2, 2],
      [2, 1]
    ])
    assert.deepStrictEqual(T.unstack(x, { axis: 1 }).map(nested), [
      [0, 3],
      [1, 4],
      [2, 5]
    ])
    assert.deepStrictEqual(shapes(T.split(T.zeros([0, 2]), 3)), [[0, 2]])
    assert.throws(() => T.split(x, [1, 2]), ShapeError, "split: [1, 2] add up to 3, axis 0 of [2, 3] has 2")
    assert.throws(() => T.split(x, 0), "split: [0]: parts have sizes that are whole numbers, 1 or more")
    assert.throws(() => T.chunk(x, 0), "chunk: the number of parts is a whole number, 1 or more; it is 0")
  })
})

describe("dynamicSlice and dynamicUpdateSlice", () => {
  const start = (n: number) => T.add(T.constant(n, "i32"), T.zeros([], "i32"))
  const y = T.reshape(T.iota(12), [3, 4])

  it("read a window that lies in the tensor", () => {
    assert.deepStrictEqual(nested(T.dynamicSlice(y, [start(1), start(2)], [2, 2])), [
      [6, 7],
      [10, 11]
    ])
    assert.deepStrictEqual(nested(pipe(y, T.dynamicSlice([start(9), -4], [1, 2]))), [[8, 9]])
    assert.deepStrictEqual(nested(T.dynamicSlice(y, T.constant([-2, -9], "i32"), [2, 1])), [[4], [8]])
    assert.deepStrictEqual(T.dynamicSlice(y, [start(1), start(0)], [0, 4]).shape, [0, 4])
    assert.throws(
      () => T.dynamicSlice(y, [2, 0], [2, 4]),
      ShapeError,
      "dynamicSlice: a window of 2 from 2 does not lie in axis 0 of [3, 4]"
    )
    assert.throws(
      () => T.dynamicSlice(T.dyn(y), [0, 0], [4, 1]),
      "dynamicSlice: a window [4, 1] does not fit into [3, 4]"
    )
    assert.throws(() => T.dynamicSlice(y, [0], [1, 1]), "dynamicSlice: 1 starts for the 2 axes of [3, 4]")
  })

  it("write a window that lies in the tensor", () => {
    const window = T.constant([[-1, -2]], "i32")
    assert.deepStrictEqual(nested(T.dynamicUpdateSlice(y, window, [start(7), start(1)])), [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, -1, -2, 11]
    ])
    assert.deepStrictEqual(nested(pipe(y, T.dynamicUpdateSlice(T.zeros([3, 1], "i32"), [0, start(-1)]))), [
      [0, 1, 2, 0],
      [4, 5, 6, 0],
      [8, 9, 10, 0]
    ])
    assert.deepStrictEqual(nested(T.dynamicUpdateSlice(y, y, [0, 0])), nested(y))
  })
})

describe("maskedFill", () => {
  it("replaces what the mask covers", () => {
    const mask = T.constant([true, false, true], "bool")
    assert.deepStrictEqual(nested(T.maskedFill(x, mask, -1)), [
      [-1, 1, -1],
      [-1, 4, -1]
    ])
    assert.deepStrictEqual(nested(pipe(T.constant([NaN, 2, 3]), T.maskedFill(mask, 0))), [0, 2, 0])
    assert.throws(
      () => T.maskedFill(T.dyn(T.ones([3])), T.dyn(T.constant([[true]], "bool")), 0),
      "maskedFill: [1, 1] does not broadcast to [3]"
    )
  })
})
