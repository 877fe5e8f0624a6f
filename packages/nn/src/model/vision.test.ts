import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { assertClose, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const key = Key.key(2)
const x = Key.normal(key, [2, 4, 4, 6])
const input = Model.input([4, 4, 6])

describe("squeezeExcitation", () => {
  it("weighs channels by the mean of the image", () => {
    const model = pipe(input, Model.squeezeExcitation("se", { ratio: 3 }))
    same<Equal<Model.Output<typeof model>, ["batch", 4, 4, 6]>>()
    const { params } = model.init(key)
    assert.deepStrictEqual(params.se.squeeze.kernel.shape, [6, 2])
    const data = numbers(x)
    const [w1, w2] = [numbers(params.se.squeeze.kernel), numbers(params.se.excite.kernel)]
    const range = (n: number) => Array.from({ length: n }, (_, i) => i)
    const weights = range(2).map((b) => {
      const mean = range(6).map((c) => range(16).reduce((s, p) => s + (data[(b * 16 + p) * 6 + c] ?? NaN), 0) / 16)
      const inner = range(2).map((j) =>
        Math.max(
          0,
          mean.reduce((s, v, c) => s + v * (w1[c * 2 + j] ?? NaN), 0)
        )
      )
      return range(6).map((c) => 1 / (1 + Math.exp(-inner.reduce((s, v, j) => s + v * (w2[j * 6 + c] ?? NaN), 0))))
    })
    const expected = data.map((v, i) => v * (weights[Math.floor(i / 96)]?.[i % 6] ?? NaN))
    assertClose(numbers(model.apply(params, {}, x, Model.evaluate).y), expected, 1e-9)
    // @ts-expect-error squeezeExcitation: needs [batch, height, width, channels], got [batch, 6]
    const flat = () => pipe(Model.input([6]), Model.squeezeExcitation("se"))
    assert.throws(flat, ShapeError, "squeezeExcitation: needs [batch, height, width, channels], got [batch, 6]")
  })
})

describe("inception", () => {
  it("is the same branches written out", () => {
    const model = pipe(
      input,
      Model.inception("mix", { one: 2, threeReduce: 3, three: 4, fiveReduce: 1, five: 2, pool: 3 })
    )
    same<Equal<Model.Output<typeof model>, ["batch", 4, 4, 11]>>()
    const written = pipe(
      input,
      Model.concat("mix", (m) => [
        ["one", pipe(m, Model.conv2d("conv", 2, 1, { activation: "relu" }))],
        [
          "three",
          pipe(
            m,
            Model.conv2d("reduce", 3, 1, { activation: "relu" }),
            Model.conv2d("conv", 4, 3, { padding: "same", activation: "relu" })
          )
        ],
        [
          "five",
          pipe(
            m,
            Model.conv2d("reduce", 1, 1, { activation: "relu" }),
            Model.conv2d("conv", 2, 5, { padding: "same", activation: "relu" })
          )
        ],
        [
          "pool",
          pipe(
            m,
            Model.maxPool2d(3, { strides: 1, padding: "same" }),
            Model.conv2d("conv", 3, 1, { activation: "relu" })
          )
        ]
      ])
    )
    const { params } = model.init(key)
    const { y } = model.apply(params, {}, x, Model.evaluate)
    assert.deepStrictEqual(y.shape, [2, 4, 4, 11])
    assertClose(numbers(y), numbers(written.apply(params, {}, x, Model.evaluate).y), 0)
  })
})

describe("residualBlock", () => {
  it("is the same layers written out, the shortcut projected where it must be", () => {
    const model = pipe(input, Model.residualBlock("b", 6), Model.residualBlock("c", 8, { strides: 2 }))
    assert.deepStrictEqual(model.outputShape, [2, 2, 8])
    same<Equal<Model.Output<typeof model>, ["batch", 2, 2, 8]>>()
    const { params, state } = model.init(key)
    assert.deepStrictEqual(Object.keys(params.b.shortcut), [])
    assert.deepStrictEqual(params.c.shortcut.project.conv.kernel.shape, [1, 1, 6, 8])
    const convNorm = () =>
      pipe(input, Model.conv2d("conv", 6, 3, { padding: "same", useBias: false }), Model.batchNorm("norm"))
    const first = convNorm().apply(params.b.deep.first, state.b.deep.first, x, Model.evaluate).y
    const second = convNorm().apply(params.b.deep.second, state.b.deep.second, T.relu(first), Model.evaluate).y
    const only = pipe(input, Model.residualBlock("b", 6))
    assertClose(numbers(only.apply(params, state, x, Model.evaluate).y), numbers(T.relu(T.add(x, second))), 1e-12)
    const moved = model.apply(params, state, x, Model.train(key)).state
    assert.notDeepEqual(numbers(moved.c.shortcut.project.norm.mean), numbers(state.c.shortcut.project.norm.mean))
  })
})

describe("denseBlock", () => {
  it("grows by what each layer adds, keeping what it was given", () => {
    const model = pipe(input, Model.denseBlock("d", 3, 2))
    same<Equal<Model.Output<typeof model>, ["batch", 4, 4, 12]>>()
    const { params, state } = model.init(key)
    assert.deepStrictEqual(params.d.layer2?.conv.kernel.shape, [3, 3, 10, 2])
    const y = numbers(model.apply(params, state, x, Model.evaluate).y)
    const data = numbers(x)
    for (let i = 0; i < data.length; i++) assert.strictEqual(y[Math.floor(i / 6) * 12 + (i % 6)], data[i])
  })
})
