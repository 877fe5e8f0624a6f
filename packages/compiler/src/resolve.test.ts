import { assert, describe, it } from "@effect/vitest"
import { operations as ops, sizeOf, type View, Views } from "@cotangent/graph"
import { graphOf, randomSource } from "./planned.test.support.ts"
import { resolve, valueOf } from "./resolve.ts"

/** The positions a view visits, in row-major order. */
const positions = ({ shape, strides, offset }: View): ReadonlyArray<number> =>
  shape.reduce<ReadonlyArray<number>>(
    (at, size, d) => at.flatMap((p) => Array.from({ length: size }, (_, i) => p + i * (strides[d] ?? 0))),
    [offset]
  )

const shapesOf = (n: number): ReadonlyArray<ReadonlyArray<number>> => [
  [n],
  [1, n],
  [n, 1],
  ...[2, 3, 4, 6]
    .filter((f) => n % f === 0)
    .flatMap((f) => [
      [f, n / f],
      [n / f, f],
      [n / f, 1, f]
    ])
]

describe("reshapeView", () => {
  it("visits the same elements in the same order whenever it gives a view", () => {
    const below = randomSource(3)
    let views = 0
    for (let i = 0; i < 2000; i++) {
      const shape = Array.from({ length: 1 + below(4) }, () => [1, 2, 2, 3, 4][below(5)] ?? 1)
      const whole = Views.contiguous(shape)
      const order = shape.map((_, d) => d).sort(() => below(2) - 0.5)
      const view: View = {
        shape: order.map((d) => shape[d] ?? 1),
        strides: order.map((d) => (below(5) === 0 ? 0 : (whole.strides[d] ?? 1)) * (1 + below(2))),
        offset: below(3)
      }
      const shapes = shapesOf(sizeOf(shape))
      const target = shapes[below(shapes.length)] ?? []
      const reshaped = Views.reshapeView(view, target)
      if (reshaped === undefined) continue
      views++
      assert.deepStrictEqual(reshaped.shape, target)
      assert.deepStrictEqual(positions(reshaped), positions(view))
    }
    assert.isAbove(views, 300)
  })

  it("gives a view of every contiguous array, and refuses to merge a transposed one", () => {
    assert.deepStrictEqual(Views.reshapeView(Views.contiguous([4, 6]), [2, 12]), Views.contiguous([2, 12]))
    assert.strictEqual(Views.reshapeView({ shape: [6, 4], strides: [1, 6], offset: 0 }, [24]), undefined)
    assert.deepStrictEqual(Views.reshapeView({ shape: [6, 4], strides: [1, 6], offset: 2 }, [2, 3, 4]), {
      shape: [2, 3, 4],
      strides: [3, 1, 6],
      offset: 2
    })
  })
})

describe("resolve", () => {
  it("folds chains of views into one access to what is really there", () => {
    const graph = graphOf([{ shape: [4, 6], dtype: "f32" }], (x) => {
      if (x === undefined) return []
      const rows = ops.slice(x, { start: [1, 0], limit: [4, 6], step: [2, 1] })
      return [ops.broadcast(ops.reshape(ops.transpose(rows, [1, 0]), [6, 1, 2]), [6, 3, 2])]
    })
    const values = resolve(graph)
    const [result] = graph.results
    assert.isDefined(result)
    assert.deepStrictEqual(result === undefined ? undefined : values.access[valueOf(values, result)], {
      base: 0,
      view: { shape: [6, 3, 2], strides: [1, 0, 12], offset: 6 }
    })
    assert.strictEqual(values.copies.size, 0)
  })

  it("marks a reshape that strides cannot express as a copy, and reads the copy afterwards", () => {
    const graph = graphOf([{ shape: [4, 6], dtype: "f32" }], (x) =>
      x === undefined ? [] : [ops.reshape(ops.transpose(x, [1, 0]), [24])]
    )
    const values = resolve(graph)
    const [result] = graph.results
    const value = result === undefined ? -1 : valueOf(values, result)
    assert.deepStrictEqual(values.access[value], { base: value, view: Views.contiguous([24]) })
    assert.deepStrictEqual([...values.copies], [result?.node])
  })

  it("numbers every output of a node with several", () => {
    const graph = graphOf([{ shape: [3], dtype: "u32" }], (x) =>
      x === undefined ? [] : [...ops.threefry(x, x, x, x)].reverse()
    )
    const values = resolve(graph)
    assert.deepStrictEqual(
      graph.results.map((r) => valueOf(values, r)),
      [2, 1]
    )
    assert.deepStrictEqual(values.owner, [0, 1, 1])
  })
})
