import { T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"

describe("flatten", () => {
  it("makes samples of any rank vectors, row-major", () => {
    const model = pipe(Model.input([2, 3]), Model.flatten)
    const { y } = model.apply(
      {},
      {},
      T.constant([
        [
          [1, 2, 3],
          [4, 5, 6]
        ]
      ]),
      Model.evaluate
    )
    assert.deepStrictEqual(y.shape, [1, 6])
    assert.deepStrictEqual(numbers(y), [1, 2, 3, 4, 5, 6])
  })

  it("makes one number per sample a vector of one", () => {
    const model: Model.Model<["batch"], ["batch", 1]> = pipe(Model.input([]), Model.flatten)
    assert.deepStrictEqual(model.apply({}, {}, T.constant([5, 6]), Model.evaluate).y.shape, [2, 1])
  })
})
