import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { DataError } from "./data-error.ts"
import { classCounts, classification } from "./dataset.ts"
import { Dataset } from "./index.ts"
import * as Split from "./split.ts"

const rows = (n: number, label = (i: number) => i % 2) =>
  classification({
    inputShape: [1],
    rows: Array.from({ length: n }, (_, i) => i),
    labels: Array.from({ length: n }, (_, i) => label(i)),
    classes: 4
  })

const ids = (data: { readonly x: { readonly data: Float32Array } }) => Array.from(data.x.data)

describe("Split", () => {
  it.effect("validation holds out the last 360 of the 1797 digits for 0.2", () =>
    Effect.gen(function* () {
      const digits = yield* Dataset.digits
      const { train, validation } = Split.validation(digits, 0.2)
      assert.strictEqual(train.size, 1437)
      assert.strictEqual(validation.size, 360)
      assert.deepStrictEqual(Array.from(validation.y.data), Array.from(digits.y.data.subarray(1437)))
      assert.strictEqual(train.x.data.buffer, digits.x.data.buffer)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it("computes sizes as Keras does, in float64", () => {
    // 1 - 0.9 is a little less than 0.1, so that floor(10 (1 - 0.9)) is 0, which Keras refuses too.
    assert.throws(() => Split.trainSize(10, 0.9), /leave 0 rows to train on and 10 to validate on/)
    assert.strictEqual(Split.trainSize(10, 0.1), 9)
    assert.strictEqual(Split.trainSize(3, 0.5), 1)
    assert.strictEqual(Split.trainSize(100, 0.33), 67)
  })

  it("refuses fractions that leave nothing", () => {
    for (const fraction of [0, 1, -0.1, 2, NaN])
      assert.throws(() => Split.validation(rows(4), fraction), DataError, /between 0 and 1/)
    assert.throws(() => Split.random(rows(1), 0.5, 0), DataError, /at least one/)
    assert.throws(() => Split.random(rows(4), 0.5, 0.5), DataError, /not a whole number/)
  })

  it("random parts are a partition, in order, and depend on the seed alone", () => {
    const data = rows(50)
    const { train, validation } = Split.random(data, 0.3, 7)
    assert.strictEqual(train.size, Split.trainSize(50, 0.3))
    assert.deepStrictEqual(
      [...ids(train), ...ids(validation)].toSorted((a, b) => a - b),
      ids(data)
    )
    assert.deepStrictEqual(
      ids(train),
      ids(train).toSorted((a, b) => a - b)
    )
    assert.deepStrictEqual(pipe(data, Split.random(0.3, 7)), { train, validation })
    assert.notDeepEqual(ids(Split.random(data, 0.3, 8).validation), ids(validation))
    assert.notDeepEqual(ids(Split.validation(data, 0.3).validation), ids(validation))
  })

  it("stratified parts have the same share of every class", () => {
    const data = rows(101, (i) => (i < 60 ? 0 : i < 90 ? 1 : i < 100 ? 2 : 3))
    const { train, validation } = Split.stratified(data, 0.2, 3)
    assert.strictEqual(train.size, Split.trainSize(101, 0.2))
    assert.deepStrictEqual(
      [...ids(train), ...ids(validation)].toSorted((a, b) => a - b),
      ids(data)
    )
    // 21 rows held out: shares 12.48, 6.24, 2.08, 0.21, so that the missing one goes to class 0.
    assert.deepStrictEqual(classCounts(validation), [13, 6, 2, 0])
    assert.deepStrictEqual(Split.stratified(data, 0.2, 3), { train, validation })
  })

  it("folds hold out every row once, in parts as equal as can be", () => {
    const data = rows(23)
    const parts = Split.folds(data, 5, 3)
    assert.deepStrictEqual(
      parts.map(({ validation }) => validation.size),
      [5, 5, 5, 4, 4]
    )
    assert.deepStrictEqual(
      parts.flatMap(({ validation }) => ids(validation)).toSorted((a, b) => a - b),
      ids(data)
    )
    for (const { train, validation } of parts) {
      assert.deepStrictEqual(
        [...ids(train), ...ids(validation)].toSorted((a, b) => a - b),
        ids(data)
      )
      assert.deepStrictEqual(
        ids(validation),
        ids(validation).toSorted((a, b) => a - b)
      )
    }
    assert.deepStrictEqual(pipe(data, Split.folds(5, 3)), parts)
    assert.notDeepEqual(ids(Split.folds(data, 5, 4)[0]?.validation ?? data), ids(parts[0]?.validation ?? data))
    for (const count of [0, 1, 2.5, 24, NaN]) assert.throws(() => Split.folds(data, count, 0), DataError, /folds of 23/)
  })

  it("stratified folds have the same share of every class", () => {
    const data = rows(47, (i) => (i < 30 ? 0 : i < 43 ? 1 : 2))
    const parts = Split.stratifiedFolds(data, 4, 3)
    assert.deepStrictEqual(
      parts.flatMap(({ validation }) => ids(validation)).toSorted((a, b) => a - b),
      ids(data)
    )
    const counts = parts.map(({ validation }) => classCounts(validation))
    for (const kind of [0, 1, 2]) {
      const each = counts.map((row) => row[kind] ?? 0)
      assert.isAtMost(Math.max(...each) - Math.min(...each), 1)
    }
    const sizes = parts.map(({ validation }) => validation.size)
    assert.deepStrictEqual(sizes, [12, 12, 12, 11])
    const real = Dataset.make({ x: data.x, y: data.x })
    assert.throws(() => Split.stratifiedFolds(real, 4, 3), DataError, /no labels/)
  })
})
