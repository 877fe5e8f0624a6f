import { assert, describe, it } from "@effect/vitest"
import * as Axes from "./axes.ts"
import { ShapeError } from "./errors.ts"

describe("axes", () => {
  it("are counted from either end", () => {
    assert.deepStrictEqual(
      [0, 1, 2, -1, -3].map((a) => Axes.normalizeAxis("f", [5, 6, 7], a)),
      [0, 1, 2, 2, 0]
    )
    assert.deepStrictEqual(Axes.normalizeAxes("f", [5, 6, 7], [-1, 0]), [0, 2])
    assert.deepStrictEqual(Axes.normalizeAxes("f", [5, 6, 7], 1), [1])
    assert.deepStrictEqual(Axes.normalizeAxes("f", [5, 6, 7], undefined), [0, 1, 2])
    assert.deepStrictEqual(Axes.normalizeAxes("f", [], undefined), [])
  })

  it("that do not exist are refused", () => {
    for (const axis of [2, -3, 0.5, NaN]) {
      assert.throws(() => Axes.normalizeAxis("f", [5, 6], axis), ShapeError, `f: axis ${axis} does not exist in [5, 6]`)
    }
    assert.throws(() => Axes.normalizeAxes("f", [5, 6], [1, -1]), "f: an axis is named twice in [1, -1]")
    assert.throws(() => Axes.checkAxes("f", { shape: [5, 6] }, [-1]), "f: axis -1 does not exist in [5, 6]")
  })

  it("are dropped or kept as 1", () => {
    assert.deepStrictEqual(Axes.dropAxes([5, 6, 7], [0, 2]), [6])
    assert.deepStrictEqual(Axes.keepAxes([5, 6, 7], [0, 2]), [1, 6, 1])
  })

  it("are put back by the inverse permutation", () => {
    const permutation = [2, 0, 3, 1]
    const inverse = Axes.inversePermutation(permutation)
    assert.deepStrictEqual(
      permutation.map((p) => inverse[p]),
      [0, 1, 2, 3]
    )
  })
})

describe("broadcastShapes", () => {
  it("follows numpy", () => {
    const gives = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, c: ReadonlyArray<number>) => {
      assert.deepStrictEqual(Axes.broadcastShapes("f", a, b), c)
      assert.deepStrictEqual(Axes.broadcastShapes("f", b, a), c)
    }
    gives([], [2, 3], [2, 3])
    gives([3], [2, 3], [2, 3])
    gives([2, 1], [3], [2, 3])
    gives([4, 1, 3], [2, 1], [4, 2, 3])
    gives([1], [0], [0])
  })

  it("names the last clash", () => {
    assert.throws(
      () => Axes.broadcastShapes("add", [2, 3], [4, 5]),
      ShapeError,
      "add: cannot broadcast [2, 3] with [4, 5]: 3 and 5 differ"
    )
    assert.throws(() => Axes.broadcastShapes("add", [2, 3], [4, 3]), ": 2 and 4 differ")
  })
})

it("sizes are whole numbers", () => {
  assert.deepStrictEqual(Axes.checkSizes("f", [0, 3]), [0, 3])
  for (const size of [-1, 1.5, NaN, Infinity]) {
    assert.throws(
      () => Axes.checkSizes("f", [2, size]),
      `f: [2, ${size}] is not a shape: sizes are whole numbers, 0 or more`
    )
  }
})
