import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { assertClose, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const x = Key.normal(Key.key(2), [2, 5, 4, 3])
const data = numbers(x)
const at = (b: number, i: number, j: number, c: number) => data[((b * 5 + i) * 4 + j) * 3 + c] ?? NaN
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Pooling by its definition: windows of `size` that move by `stride` from `first`, cut off at the borders. */
const plain = (
  counts: readonly [number, number],
  size: number,
  stride: number,
  first: readonly [number, number],
  pool: (window: ReadonlyArray<number>) => number
) =>
  range(2).flatMap((b) =>
    range(counts[0]).flatMap((i) =>
      range(counts[1]).flatMap((j) =>
        range(3).map((c) =>
          pool(
            range(size).flatMap((k) =>
              range(size).flatMap((l) => {
                const [p, q] = [i * stride + k - first[0], j * stride + l - first[1]]
                return p < 0 || p > 4 || q < 0 || q > 3 ? [] : [at(b, p, q, c)]
              })
            )
          )
        )
      )
    )
  )
const mean = (v: ReadonlyArray<number>) => v.reduce((a, b) => a + b, 0) / v.length
const max = (v: ReadonlyArray<number>) => Math.max(...v)
const run = <O extends Array<number | string>>(model: Model.Model<["batch", 5, 4, 3], O>) =>
  numbers(model.apply({}, {}, x, Model.evaluate).y)

describe("pooling", () => {
  it("takes the largest element or the mean of every window", () => {
    const input = Model.input([5, 4, 3])
    assertClose(run(pipe(input, Model.maxPool2d())), plain([2, 2], 2, 2, [0, 0], max))
    assertClose(run(pipe(input, Model.avgPool2d(2))), plain([2, 2], 2, 2, [0, 0], mean))
    const around = { strides: 2, padding: "same" } as const
    // Keras's "same" puts the odd place behind: 3 windows of 3 over 5 need 1 before, 2 over 4 need none.
    assertClose(run(pipe(input, Model.maxPool2d(3, around))), plain([3, 2], 3, 2, [1, 0], max))
    assertClose(run(pipe(input, Model.avgPool2d(3, around))), plain([3, 2], 3, 2, [1, 0], mean))
  })

  it("goes along one axis, and over whole samples", () => {
    const line = pipe(Model.input([4]), Model.reshape([4, 1]), Model.maxPool1d(3, { strides: 1 }), Model.flatten)
    const of = (v: ReadonlyArray<number>) => numbers(line.apply({}, {}, T.constant([v]) as never, Model.evaluate).y)
    assertClose(of([1, 5, 2, 3]), [5, 5])
    const means = pipe(Model.input([4]), Model.reshape([4, 1]), Model.avgPool1d(), Model.flatten)
    assertClose(numbers(means.apply({}, {}, T.constant([[1, 5, 2, 4]]), Model.evaluate).y), [3, 3])
    const all = range(2).flatMap((b) =>
      range(3).map((c) => range(5).flatMap((i) => range(4).map((j) => at(b, i, j, c))))
    )
    assertClose(run(pipe(Model.input([5, 4, 3]), Model.globalAvgPool())), all.map(mean))
    assertClose(run(pipe(Model.input([5, 4, 3]), Model.globalMaxPool({ keepDims: true }))), all.map(max))
  })

  it("has its shapes in the types, and says what does not fit", () => {
    const model = pipe(
      Model.input([30, 21, 3]),
      Model.maxPool2d(),
      Model.avgPool2d([3, 2], { strides: 1 }),
      Model.maxPool2d(2, { padding: "same" })
    )
    same<Equal<Model.Output<typeof model>, ["batch", 7, 5, 3]>>()
    assert.deepStrictEqual(model.outputShape, [7, 5, 3])
    const kept = pipe(model, Model.globalAvgPool({ keepDims: true }))
    same<Equal<Model.Output<typeof kept>, ["batch", 1, 1, 3]>>()
    same<Equal<Model.Output<ReturnType<typeof pooled>>, ["batch", 3]>>()
    const pooled = () => pipe(model, Model.globalMaxPool())
    assert.deepStrictEqual([kept.outputShape, pooled().outputShape], [[1, 1, 3], [3]])
    // @ts-expect-error maxPool2d: needs [batch, height, width, channels], got [batch, 8]
    const flat = () => pipe(Model.input([8]), Model.maxPool2d())
    assert.throws(flat, ShapeError, "maxPool2d: needs [batch, height, width, channels], got [batch, 8]")
    // @ts-expect-error maxPool2d: a window of 3x3 does not fit in [batch, 2, 8, 1]; use padding same
    const large = () => pipe(Model.input([2, 8, 1]), Model.maxPool2d(3))
    assert.throws(large, ShapeError, "maxPool2d: a window of 3x3 does not fit in [batch, 2, 8, 1]; use padding same")
    // @ts-expect-error globalAvgPool: needs [batch, ..., channels] with an axis between, got [batch, 8]
    assert.throws(() => pipe(Model.input([8]), Model.globalAvgPool()), ShapeError)
  })
})

describe("reshape and permute", () => {
  it("keep the elements", () => {
    const model = pipe(Model.input([2, 3]), Model.permute([2, 1]), Model.reshape([6, 1]))
    same<Equal<Model.Output<typeof model>, ["batch", 6, 1]>>()
    const y = model.apply(
      {},
      {},
      T.constant([
        [
          [1, 2, 3],
          [4, 5, 6]
        ]
      ]),
      Model.evaluate
    ).y
    assert.deepStrictEqual(y.shape, [1, 6, 1])
    assertClose(numbers(y), [1, 4, 2, 5, 3, 6])
  })

  it("refuse other numbers of elements and axes that are not there", () => {
    // @ts-expect-error reshape: a sample of [batch, 2, 3] has 6 elements, [5] has 5
    const other = () => pipe(Model.input([2, 3]), Model.reshape([5]))
    assert.throws(other, ShapeError, "reshape: a sample of [batch, 2, 3] has 6 elements, [5] has 5")
    // @ts-expect-error permute: [2, 2] does not name the axes 1 to 2 of [batch, 2, 3] once each
    const twice = () => pipe(Model.input([2, 3]), Model.permute([2, 2]))
    assert.throws(twice, ShapeError, "permute: [2, 2] does not name the axes 1 to 2 of [batch, 2, 3] once each")
  })
})
