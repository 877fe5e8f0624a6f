import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Dataset, Table } from "./index.ts"

layer(NodeServices.layer)("built-in data", (it) => {
  it.effect("digits: 1797 images, pixels 0 to 1 in sixteenths", () =>
    Effect.gen(function* () {
      const digits: Dataset<[64], [], "i32"> = yield* Dataset.digits
      assert.strictEqual(digits.size, 1797)
      assert.deepStrictEqual(digits.x.shape, [1797, 64])
      assert.deepStrictEqual(digits.inputShape, [64])
      assert.isTrue(digits.x.data.every((v) => v >= 0 && v <= 1 && Number.isInteger(v * 16)))
      assert.strictEqual(
        digits.x.data.reduce((a, b) => Math.max(a, b)),
        1
      )
      // The counts scikit-learn documents for the same file.
      assert.deepStrictEqual(Dataset.classCounts(digits), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
      assert.deepStrictEqual(digits.classNames, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    })
  )

  it.effect("digits: raw pixels are those of the file", () =>
    Effect.gen(function* () {
      const raw = yield* Dataset.digitsWith({ scaled: false })
      const scaled = yield* Dataset.digits
      assert.deepStrictEqual(Array.from(raw.x.data.subarray(0, 8)), [0, 0, 5, 13, 9, 1, 0, 0])
      assert.isTrue(raw.x.data.every((v, i) => v === (scaled.x.data[i] ?? NaN) * 16))
    })
  )

  it.effect("iris and wine have the documented sizes, classes and means", () =>
    Effect.gen(function* () {
      const iris = yield* Dataset.iris
      const wine = yield* Dataset.wine
      assert.deepStrictEqual(Dataset.classCounts(iris), [50, 50, 50])
      assert.deepStrictEqual(Dataset.classCounts(wine), [59, 71, 48])
      const mean = (data: Float32Array, width: number, column: number) =>
        data.filter((_, i) => i % width === column).reduce((a, b) => a + b, 0) / (data.length / width)
      assert.closeTo(mean(iris.x.data, 4, 2), 3.76, 0.005)
      assert.closeTo(mean(wine.x.data, 13, 0), 13.0, 0.05)
      assert.strictEqual(iris.classNames?.[2], "virginica")
    })
  )

  it.effect("penguins: a table with missing cells", () =>
    Effect.gen(function* () {
      const penguins = yield* Table.penguins
      assert.strictEqual(penguins.size, 344)
      assert.deepStrictEqual(Table.missingCounts(penguins), {
        species: 0,
        island: 0,
        bill_length_mm: 2,
        bill_depth_mm: 2,
        flipper_length_mm: 2,
        body_mass_g: 2,
        sex: 11
      })
      const count = (species: string) => penguins.columns.species.filter((each) => each === species).length
      assert.deepStrictEqual(["Adelie", "Chinstrap", "Gentoo"].map(count), [152, 68, 124])
    })
  )
})
