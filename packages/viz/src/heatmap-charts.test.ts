import { T } from "@cotangent/graph"
import { Metrics } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Viz } from "./index.ts"

const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")
/** The cells that are not white: column, row, colour. */
const cells = (svg: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="1" height="1" fill="([^"]+)"/g)].map((match) => match.slice(1))

describe("Viz.heatmap", () => {
  it.effect("colours cells from white for 0, both ways where there are negative numbers", () =>
    Effect.gen(function* () {
      const up = yield* Viz.heatmap({
        title: "Up",
        maps: [
          {
            title: "one",
            values: [
              [0, 1],
              [2, 4]
            ]
          }
        ]
      }).svg
      assert.deepStrictEqual(cells(up), [
        ["1", "0", "rgb(193,207,224)"],
        ["0", "1", "rgb(132,160,192)"],
        ["1", "1", "rgb(8,64,129)"]
      ])
      assert.includeMembers([...texts(up)], ["Up", "one", "0", "4"])
      const both = yield* Viz.heatmap({ title: "Both", maps: [{ values: [Float32Array.of(-2, 0, 1)] }] }).svg
      assert.deepStrictEqual(
        cells(both).map(([x, , color]) => [x, color]),
        [
          ["0", "rgb(178,40,20)"],
          ["2", "rgb(132,160,192)"]
        ]
      )
      assert.includeMembers([...texts(both)], ["-2", "0", "2"])
      const grey = yield* Viz.heatmap({ title: "g", maps: [{ values: [[1, Number.NaN]], colors: "grey" }] }).svg
      assert.deepStrictEqual(
        cells(grey).map(([, , color]) => color),
        ["rgb(0,0,0)", "#d9d9d9"]
      )
    })
  )

  it.effect("draws nothing but zeros, and the value of a tensor", () =>
    Effect.gen(function* () {
      assert.isEmpty(cells(yield* Viz.heatmap({ title: "0", maps: [{ values: [[0, 0]] }] }).svg))
      const value = T.evaluate(T.constant([[1, 2, 3]]))
      assert.strictEqual(cells(yield* Viz.heatmap({ title: "v", maps: [{ values: value }] }).svg).length, 3)
    })
  )

  it.effect("refuses what cannot be drawn", () =>
    Effect.gen(function* () {
      const refuse = (maps: ReadonlyArray<Viz.Heatmap>, size: Viz.PageSize & { readonly columns?: number } = {}) =>
        Effect.map(Effect.flip(Viz.heatmap({ title: "t", maps, ...size }).svg), ({ message }) => message)
      assert.include(yield* refuse([]), `"t" has no heatmaps`)
      assert.include(yield* refuse([{ title: "a", values: [[1], [1, 2]] }]), `the heatmap "a" is no matrix`)
      assert.include(yield* refuse([{ values: T.evaluate(T.constant([1, 2])) }]), "a heatmap is no matrix")
      for (const wrong of [undefined, 3, "text"])
        assert.include(yield* refuse([{ values: wrong as never }]), "a heatmap is no matrix")
      assert.include(yield* refuse([{ values: [] }]), "a heatmap has no cells")
      assert.include(
        yield* refuse([{ values: [[1, 2]], columnLabels: ["a"] }]),
        "has 2 columns and 1 column labels; one for each is needed"
      )
      assert.include(yield* refuse([{ values: [[1, 2]], shades: [[1]] }]), "shades of another shape")
      assert.include(yield* refuse([{ values: [[1]] }], { columns: 0 }), "in 0 columns")
      assert.include(yield* refuse([{ values: [[1]] }], { width: 60 }), "1 heatmaps do not fit on 60 x")
    })
  )
})

describe("Viz.confusion", () => {
  it.effect("shows counts, coloured by their share of the row", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.confusion(
        [
          [1, 1],
          [0, 1000]
        ],
        { labels: ["cat", "dog"] }
      ).svg
      assert.includeMembers([...texts(svg)], ["Confusion matrix", "cat", "dog", "1,000", "taken for", "class"])
      assert.deepStrictEqual(
        cells(svg).map(([, , color]) => color),
        ["rgb(132,160,192)", "rgb(132,160,192)", "rgb(8,64,129)"]
      )
    })
  )

  it.effect("takes the result of the metric", () =>
    Effect.gen(function* () {
      const metric = Metrics.confusionMatrix({ classes: 3 })
      const output = T.constant([
        [1, 0, 0],
        [0, 1, 2],
        [0, 1, 2]
      ])
      const found = metric.result(metric.update(metric.init(), output, T.constant([0, 1, 2], "i32")))
      assert.strictEqual(cells(yield* Viz.confusion(T.evaluate(found)).svg).length, 3)
    })
  )

  it.effect("refuses what is no confusion matrix", () =>
    Effect.gen(function* () {
      const refuse = (matrix: Viz.Matrix, labels?: ReadonlyArray<string>) =>
        Effect.map(
          Effect.flip(Viz.confusion(matrix, labels === undefined ? {} : { labels }).svg),
          ({ message }) => message
        )
      assert.include(yield* refuse([[1, 2]]), "needs as many rows as columns")
      assert.include(yield* refuse([]), "needs as many rows as columns")
      assert.include(
        yield* refuse([
          [1, -2],
          [0, 1]
        ]),
        "negative or not finite"
      )
      assert.include(
        yield* refuse(
          [
            [1, 2],
            [0, 1]
          ],
          ["a"]
        ),
        "2 rows and 1 row labels"
      )
    })
  )
})
