import { ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const x = T.constant([
  [
    [[1], [2], [3]],
    [[4], [5], [6]]
  ]
])
const input = Model.input([2, 3, 1])
const run = <O extends Array<number | string>>(model: Model.Model<["batch", 2, 3, 1], O>) => {
  const { y } = model.apply({}, {}, x, Model.evaluate)
  assert.deepStrictEqual(y.shape.slice(1), model.outputShape)
  return numbers(y)
}

describe("resizing", () => {
  it("pads with zeros", () => {
    const model = pipe(
      input,
      Model.zeroPadding2d([
        [0, 1],
        [2, 0]
      ])
    )
    same<Equal<Model.Output<typeof model>, ["batch", 3, 5, 1]>>()
    assertClose(run(model), [0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0], 0)
    const around = pipe(input, Model.zeroPadding2d())
    same<Equal<Model.Output<typeof around>, ["batch", 4, 5, 1]>>()
    const line = pipe(Model.input([3, 2]), Model.zeroPadding1d([[1, 2]]))
    same<Equal<Model.Output<typeof line>, ["batch", 6, 2]>>()
    assert.deepStrictEqual(
      [around.outputShape, line.outputShape],
      [
        [4, 5, 1],
        [6, 2]
      ]
    )
  })

  it("crops, and undoes padding", () => {
    const model = pipe(
      input,
      Model.cropping2d([
        [1, 0],
        [0, 1]
      ])
    )
    same<Equal<Model.Output<typeof model>, ["batch", 1, 2, 1]>>()
    assertClose(run(model), [4, 5], 0)
    assertClose(run(pipe(input, Model.zeroPadding2d([2, 1]), Model.cropping2d([2, 1]))), numbers(x), 0)
    // @ts-expect-error cropping2d: nothing is left of [batch, 2, 3, 1]
    const nothing = () => pipe(input, Model.cropping2d())
    assert.throws(nothing, ShapeError, "cropping2d: nothing is left of [batch, 2, 3, 1]")
    // @ts-expect-error cropping1d: needs [batch, length, channels], got [batch, 2, 3, 1]
    const flat = () => pipe(input, Model.cropping1d(0))
    assert.throws(flat, ShapeError, "cropping1d: needs [batch, length, channels], got [batch, 2, 3, 1]")
  })

  it("repeats places", () => {
    const model = pipe(input, Model.upSampling2d([1, 2]))
    same<Equal<Model.Output<typeof model>, ["batch", 2, 6, 1]>>()
    assertClose(run(model), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], 0)
    assertClose(run(pipe(input, Model.upSampling2d([2, 1]))), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6], 0)
    const line = pipe(Model.input([3, 2]), Model.upSampling1d(3))
    same<Equal<Model.Output<typeof line>, ["batch", 9, 2]>>()
    assert.throws(() => Model.upSampling2d(0), OptionError, "upSampling2d: size")
    assert.throws(() => Model.zeroPadding2d(-1), OptionError, "zeroPadding2d: a border")
  })
})
