import { Model } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Viz } from "./index.ts"

const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")
const count = (svg: string, what: string): number => svg.split(what).length - 1
const arrows = "l-4.5,-8h9Z"
const learns = 'fill="#e1eef7"'

const plain = pipe(
  Model.input([4]),
  Model.dense("hidden", 1000, { activation: "relu" }),
  Model.dropout(0.5),
  Model.dense("out <1>", 3)
)
const around = pipe(
  Model.input([12, 4]),
  Model.residual("mix", (m) => pipe(m, Model.dense("d", 4))),
  Model.repeat("again", 3, (m) => pipe(m, Model.layerNorm("norm"))),
  Model.gate("open", (m) => pipe(m, Model.dense("d", 4))),
  Model.average("both", (m) => [
    ["one", pipe(m, Model.dense("d", 4))],
    ["as it is", m]
  ]),
  Model.bidirectional("ends", (m) => pipe(m, Model.gru("cell", 2)))
)

describe("Viz.model", () => {
  it.effect("has a box for each layer, with its output shape and parameters, and an arrow into each", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.model(plain, { title: "Small & plain" }).svg
      for (const text of [
        "Small &amp; plain",
        "8,003 parameters, 16,003 FLOPs per sample",
        "Input",
        "[batch, 4]",
        "hidden",
        "Dense relu",
        "[batch, 1000], 5,000 parameters",
        "Dropout 0.5",
        "[batch, 1000]",
        "out &lt;1&gt;",
        "[batch, 3], 3,003 parameters"
      ])
        assert.include(texts(svg), text)
      assert.strictEqual(count(svg, arrows), 3)
      assert.strictEqual(count(svg, learns), 2)
      assert.strictEqual(svg, yield* Viz.model(plain, { title: "Small & plain" }).svg)
    })
  )

  it.effect("draws ways around, branches, and a repeated block once", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.model(around).svg
      for (const text of ["+", "×", "mean", "concat", "one", "as it is", "forward", "backward", "again", "Repeat 3"])
        assert.strictEqual(texts(svg).filter((found) => found === text).length, 1, text)
      assert.include(texts(svg), "[batch, 12, 4], 8 parameters each")
      assert.strictEqual(texts(svg).filter((text) => text === "norm").length, 1)
    })
  )

  it.effect("draws a transformer with its norms outside or inside", () =>
    Effect.gen(function* () {
      const order = (normalizeFirst: boolean) =>
        Effect.map(
          Viz.model(
            pipe(
              Model.input([5, 4]),
              Model.transformerEncoder("t", { intermediateDim: 8, numHeads: 2, normalizeFirst })
            )
          ).svg,
          (svg) => texts(svg).filter((text) => /^(attention|attentionNorm|inner|outer|denseNorm|\+)$/.test(text))
        )
      // A sign is drawn when what it joins is.
      assert.deepStrictEqual(yield* order(false), [
        "attention",
        "+",
        "attentionNorm",
        "inner",
        "outer",
        "+",
        "denseNorm"
      ])
      assert.deepStrictEqual(yield* order(true), [
        "attentionNorm",
        "attention",
        "+",
        "denseNorm",
        "inner",
        "outer",
        "+"
      ])
    })
  )

  it.effect("is answered with a sentence when there is nothing to draw", () =>
    Effect.gen(function* () {
      const refuse = (model: unknown) =>
        Effect.map(Effect.flip(Viz.model(model as Viz.DrawnModel).svg), ({ message }) => message)
      assert.strictEqual(
        yield* refuse(Model.input([4])),
        "viz: the model has no layers, so there is nothing to draw; add one"
      )
      for (const wrong of [undefined, null, 3, {}, { layers: [] }])
        assert.include(yield* refuse(wrong), "is not given a model")
      const [layer] = plain.layers
      assert.include(yield* refuse({ inputShape: [5], layers: [layer] }), "viz: the model cannot be applied: ")
    })
  )
})
