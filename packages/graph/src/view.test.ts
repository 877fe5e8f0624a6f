import { assert, describe, it } from "@effect/vitest"
import { sizeOf } from "./tensor.ts"
import { contiguous, isContiguous, reshapeView, rowMajor, type View } from "./view.ts"

/** The places a view visits, in row-major order. */
const places = ({ shape, strides, offset }: View): ReadonlyArray<number> => {
  const weights = rowMajor(shape)
  return Array.from({ length: sizeOf(shape) }, (_, i) =>
    shape.reduce((place, size, d) => place + (Math.floor(i / (weights[d] ?? 1)) % size) * (strides[d] ?? 0), offset)
  )
}

const permute = (view: View, permutation: ReadonlyArray<number>): View => ({
  shape: permutation.map((d) => view.shape[d] ?? 0),
  strides: permutation.map((d) => view.strides[d] ?? 0),
  offset: view.offset
})

describe("views", () => {
  it("of whole arrays are contiguous", () => {
    assert.deepStrictEqual(rowMajor([2, 3, 4]), [12, 4, 1])
    assert.isTrue(isContiguous(contiguous([2, 3, 4])))
    assert.isTrue(isContiguous({ shape: [2, 1, 3], strides: [3, 77, 1], offset: 0 }))
    assert.isFalse(isContiguous({ ...contiguous([2, 3]), offset: 1 }))
    assert.isFalse(isContiguous(permute(contiguous([2, 3]), [1, 0])))
  })
})

describe("reshapeView", () => {
  const shapes: ReadonlyArray<ReadonlyArray<number>> = [
    [24],
    [2, 12],
    [4, 6],
    [2, 3, 4],
    [4, 3, 2],
    [2, 2, 6],
    [1, 24, 1],
    [6, 4],
    [2, 3, 2, 2],
    [3, 8],
    [8, 3],
    [12, 2]
  ]
  const views: ReadonlyArray<View> = [
    contiguous([2, 3, 4]),
    permute(contiguous([2, 3, 4]), [0, 2, 1]),
    permute(contiguous([2, 3, 4]), [2, 0, 1]),
    permute(contiguous([2, 3, 4]), [2, 1, 0]),
    { shape: [2, 3, 4], strides: [40, 8, 2], offset: 5 },
    { shape: [2, 3, 4], strides: [0, 4, 1], offset: 0 },
    { shape: [2, 3, 4], strides: [1, 0, 0], offset: 3 },
    { shape: [6, 4], strides: [4, 1], offset: 8 },
    { shape: [1, 24], strides: [99, 2], offset: 1 }
  ]

  it("visits the same elements in the same order, or says that it cannot", () => {
    let expressed = 0
    for (const view of views) {
      for (const shape of shapes) {
        const reshaped = reshapeView(view, shape)
        if (reshaped === undefined) continue
        expressed++
        assert.deepStrictEqual(reshaped.shape, shape)
        assert.deepStrictEqual(places(reshaped), places(view), `${JSON.stringify(view)} as [${shape.join(", ")}]`)
      }
    }
    assert.isAbove(expressed, 40)
  })

  it("expresses every reshape of dense arrays, at any offset", () => {
    for (const shape of shapes) {
      assert.isDefined(reshapeView(contiguous([2, 3, 4]), shape))
      assert.isDefined(reshapeView({ shape: [6, 4], strides: [4, 1], offset: 8 }, shape))
    }
  })

  it("gives up where strides cannot express it", () => {
    assert.isUndefined(reshapeView(permute(contiguous([2, 3]), [1, 0]), [6]))
    assert.isUndefined(reshapeView({ shape: [2, 3], strides: [0, 1], offset: 0 }, [6]))
  })
})
