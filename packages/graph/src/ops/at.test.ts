import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, ShapeError } from "../errors.ts"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const x = T.reshape(T.iota(24), [2, 3, 4])
const zeros = T.zeros([2, 3], "i32")
const computed = (...indices: ReadonlyArray<number>) => T.add(T.constant(indices, "i32"), T.zeros([], "i32"))

describe("at", () => {
  it("takes elements, cuts and makes axes", () => {
    assert.deepStrictEqual(nested(T.at(x, [1, -1, 2])), 22)
    assert.deepStrictEqual(nested(T.at(x, [0, 1])), [4, 5, 6, 7])
    assert.deepStrictEqual(nested(T.at(x, ["...", 1])), [
      [1, 5, 9],
      [13, 17, 21]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.at([-1, { step: -2 }, { start: 1, end: 3 }]))), [
      [21, 22],
      [13, 14]
    ])
    assert.deepStrictEqual(T.at(x, [null, 0, null, "...", null]).shape, [1, 1, 3, 4, 1])
    assert.deepStrictEqual(T.at(x, [{ start: 5 }]).shape, [0, 3, 4])
    assert.deepStrictEqual(nested(T.at(x, [])), nested(x))
    assert.deepStrictEqual(nested(T.at(T.constant(7), [null, "..."])), [7])
  })

  it("takes elements at places", () => {
    assert.deepStrictEqual(nested(T.at(x, [[1, 0], [-1, 1], 0])), [20, 4])
    const [i, j] = [T.constant([[1], [0]], "i32"), T.constant([0, 2], "i32")]
    assert.deepStrictEqual(nested(T.at(x, [i, j, 3])), [
      [15, 23],
      [3, 11]
    ])
    assert.deepStrictEqual(T.at(x, [{}, i]).shape, [2, 2, 1, 4])
    assert.deepStrictEqual(T.at(x, [{}, i, j]).shape, [2, 2, 2])
  })

  it("puts places in front when others separate them, as NumPy does", () => {
    const i = T.constant([0, 1, 1, 0, 1], "i32")
    assert.deepStrictEqual(T.at(x, [i, {}, i]).shape, [5, 3])
    assert.deepStrictEqual(T.at(x, [0, {}, i]).shape, [5, 3])
    assert.deepStrictEqual(T.at(x, [i, null, i]).shape, [5, 1, 4])
    assert.deepStrictEqual(T.at(x, [{}, i, "...", i]).shape, [5, 2])
    assert.deepStrictEqual(T.at(x, [{}, 0, i]).shape, [2, 5])
    assert.deepStrictEqual(nested(T.at(x, [0, { end: 2 }, [3, 1]])), [
      [3, 7],
      [1, 5]
    ])
  })

  it("is a view but where there are places", () => {
    const primitives = (y: AnyTensor): ReadonlyArray<string> => [
      y.node.primitive,
      ...y.node.inputs.flatMap((input) => (input.node === x.node ? [] : primitives(input)))
    ]
    const view = T.at(x, [1, null, { step: -1 }, "...", { start: 1 }])
    assert.isEmpty(primitives(view).filter((name) => name !== "slice" && name !== "reshape"))
  })

  it("moves computed indices into range and refuses known ones", () => {
    assert.deepStrictEqual(nested(T.at(T.iota(4), [computed(-1, 7, -9)])), [3, 3, 0])
    assert.throws(() => T.at(T.dyn(x), [0, 3]), ShapeError, "at: index 3 is out of range for axis 1 of [2, 3, 4]")
    assert.throws(() => T.at(T.dyn(x), [-3]), "at: index -3 is out of range for axis 0 of [2, 3, 4]")
    assert.throws(() => T.at(T.dyn(x), [0.5]), "at: index 0.5 is out of range for axis 0 of [2, 3, 4]")
    assert.throws(() => T.at(T.dyn(x), [{}, [0, 3]]), "at: index 3 is out of range for axis 1 of [2, 3, 4]")
    assert.throws(
      () => T.at(x, [{}, T.constant([0, -4], "i32")]),
      "at: index -4 is out of range for axis 1 of [2, 3, 4]"
    )
    assert.throws(() => T.at(T.dyn(T.zeros([0])), [0]), "at: index 0 is out of range for axis 0 of [0]")
    assert.throws(() => T.at(T.zeros([0, 2]), [zeros]), "at: axis 0 of [0, 2] is empty, no index is in range")
  })

  it("refuses indices that do not fit", () => {
    assert.throws(() => T.at(T.dyn(x), [0, 0, 0, 0]), "at: 4 indices for the 3 axes of [2, 3, 4]")
    assert.throws(() => T.at(T.dyn(x), ["...", "..."]), "at: two ellipses in one index")
    assert.throws(() => T.at(T.dyn(x), [T.dyn(T.iota(2)), T.dyn(T.iota(3))]), "at: cannot broadcast [2] with [3]")
    assert.throws(() => T.at(T.dyn(x), [T.dyn(T.ones([2]))]), DTypeError, "at: indices must be i32, they are f32")
    assert.throws(() => T.at(T.dyn(x), [{ step: 0 }]), "slice: from 0 to 2 by 0 does not lie")
  })
})

describe("set", () => {
  const matrix = T.reshape(T.iota(6), [2, 3])

  it("writes where the index reads", () => {
    assert.deepStrictEqual(nested(T.set(matrix, [1], -1)), [
      [0, 1, 2],
      [-1, -1, -1]
    ])
    assert.deepStrictEqual(nested(pipe(matrix, T.set([{}, { step: -2 }], T.constant([7, 8], "i32")))), [
      [8, 1, 7],
      [8, 4, 7]
    ])
    assert.deepStrictEqual(nested(T.set(matrix, ["..."], T.constant([[7], [8]], "i32"))), [
      [7, 7, 7],
      [8, 8, 8]
    ])
    assert.deepStrictEqual(nested(T.set(matrix, [{ start: 5 }], 9)), nested(matrix))
    assert.deepStrictEqual(
      nested(
        T.set(
          matrix,
          [
            [1, 0],
            [0, 2]
          ],
          T.constant([7, 8], "i32")
        )
      ),
      [
        [0, 1, 8],
        [7, 4, 5]
      ]
    )
    assert.deepStrictEqual(nested(T.set(matrix, [{ start: 1 }, [0, 2]], T.constant([[7, 8]], "i32"))), [
      [0, 1, 2],
      [7, 4, 8]
    ])
  })

  it("leaves the last of several values for one place", () => {
    assert.deepStrictEqual(nested(T.set(T.zeros([3]), [[1, 1, 0]], T.constant([7, 8, 9]))), [9, 8, 0])
    assert.deepStrictEqual(nested(T.set(T.zeros([3]), [computed(5, 2, -9)], T.constant([7, 8, 9]))), [9, 0, 8])
  })

  it("lets nothing of what it replaces in", () => {
    const x = T.constant([Number.NaN, 1, Infinity])
    assert.deepStrictEqual(nested(T.set(x, [{ step: 2 }], 0)), [0, 1, 0])
    assert.deepStrictEqual(nested(T.set(x, [{ step: 2 }], T.constant([2, 3]))), [2, 1, 3])
  })

  it("refuses values that do not fit", () => {
    assert.throws(
      () => T.set(T.dyn(matrix), [0], T.dyn(T.zeros([2], "i32"))),
      ShapeError,
      "set: [2] does not broadcast to [3]"
    )
    assert.throws(
      () => T.set(T.dyn(matrix), [0], T.dyn(T.zeros([1, 3], "i32"))),
      "set: [1, 3] does not broadcast to [3]"
    )
    assert.throws(() => T.set(matrix, [0], T.zeros([3]) as never), DTypeError, "set: i32 with f32")
    assert.throws(() => T.set(T.dyn(matrix), [2], 0), "set: index 2 is out of range for axis 0 of [2, 3]")
  })
})

describe("addAt", () => {
  it("adds where the index reads, as often as a place stands there", () => {
    const v = T.constant([1, 2, 3])
    assert.deepStrictEqual(nested(T.addAt(v, [{ start: 1 }], 10)), [1, 12, 13])
    assert.deepStrictEqual(nested(T.addAt(v, ["..."], 10)), [11, 12, 13])
    assert.deepStrictEqual(nested(T.addAt(v, [{ step: -2 }], T.constant([10, 20]))), [21, 2, 13])
    assert.deepStrictEqual(nested(pipe(v, T.addAt([[0, 2, 0]], T.constant([10, 20, 40])))), [51, 2, 23])
    assert.deepStrictEqual(nested(T.addAt(v, [[2, -1]], 10)), [1, 2, 23])
    assert.throws(() => T.addAt(T.constant([true], "bool"), [0], 1), DTypeError, "addAt: defined for")
  })
})
