import { Key, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { DataError } from "./data-error.ts"
import { classCounts, type Dataset } from "./dataset.ts"
import * as Synthetic from "./synthetic.ts"

const options = { rows: 1000, features: 20, classes: 10, seed: 0 } as const

describe("Synthetic.classification", () => {
  it("has the sizes asked for, features in [0, 1) and every class", () => {
    const data: Dataset<[20], [], "i32"> = Synthetic.classification(options)
    assert.deepStrictEqual(data.x.shape, [1000, 20])
    assert.isTrue(data.x.data.every((v) => v >= 0 && v < 1))
    assert.closeTo(data.x.data.reduce((a, b) => a + b, 0) / 20000, 0.5, 0.01)
    const counts = classCounts(data)
    assert.strictEqual(counts.length, 10)
    assert.isTrue(counts.every((count) => count > 60 && count < 140))
  })

  it("has the features Key.uniform gives", () => {
    const uniform = T.evaluate(Key.uniform(Key.fold(Key.key(3), 0), [7, 5])).data
    assert.deepStrictEqual(Synthetic.classification({ rows: 7, features: 5, classes: 2, seed: 3 }).x.data, uniform)
  })

  it("depends on the seed alone", () => {
    assert.deepStrictEqual(Synthetic.classification(options), Synthetic.classification(options))
    assert.notDeepEqual(
      Synthetic.classification({ ...options, seed: 1 }).x.data,
      Synthetic.classification(options).x.data
    )
  })

  it("refuses sizes that are not whole numbers from 1", () => {
    assert.throws(() => Synthetic.classification({ ...options, rows: 0 }), DataError, /rows is 0/)
    assert.throws(() => Synthetic.classification({ ...options, classes: 1.5 }), DataError, /classes is 1.5/)
    assert.throws(() => Synthetic.classification({ ...options, seed: NaN }), DataError, /seed NaN/)
  })
})
