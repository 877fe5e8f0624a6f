import type { History } from "@cotangent/train/history"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Viz } from "./index.ts"

const history: History<"accuracy"> = {
  epochs: Array.from({ length: 10 }, (_, i) => ({
    epoch: i + 1,
    loss: 2 / (i + 1),
    accuracy: 1 - 0.6 / (i + 1),
    valLoss: 2 / (i + 1) + 0.1,
    valAccuracy: 0.95 - 0.6 / (i + 1)
  }))
}

const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")
const linesOf = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<path[^>]*stroke-width="2.5"[^>]*>/g)].map((match) => match[0])

describe("Viz.history", () => {
  it.effect("shows loss and accuracy side by side, training and validation, with titles and units", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.history(history, { title: "Digits" }).svg
      const shown = texts(svg)
      for (const text of [
        "Digits",
        "training",
        "validation",
        "Loss",
        "Accuracy",
        "epoch",
        "loss",
        "accuracy",
        "1",
        "10"
      ])
        assert.include(shown, text)
      assert.strictEqual(shown.filter((text) => text === "epoch").length, 2)
      assert.include(svg, `width="1200" height="480"`)
      const lines = linesOf(svg)
      assert.strictEqual(lines.length, 4)
      assert.strictEqual(lines.filter((line) => line.includes('stroke-dasharray="9,5"')).length, 2)
      const x = (title: string) => Number(new RegExp(`x="([\\d.]+)"[^>]*>${title}<`).exec(svg)?.[1])
      assert.isAbove(x("Accuracy"), x("Loss") + 400)
    })
  )

  it.effect("gives the same bytes for the same history, also when charts are drawn at the same time", () =>
    Effect.gen(function* () {
      const first = yield* Viz.history(history).svg
      const [second, third] = yield* Effect.all(
        [Viz.history(history).svg, Viz.history({ epochs: [...history.epochs] }).svg],
        { concurrency: 2 }
      )
      assert.strictEqual(second, first)
      assert.strictEqual(third, first)
      assert.notStrictEqual(yield* Viz.history({ epochs: history.epochs.slice(1) }).svg, first)
    })
  )

  it.effect("leaves validation out when there is none, and draws a single epoch", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.history({ epochs: [{ epoch: 1, loss: 2.3 }] }).svg
      assert.include(texts(svg), "training")
      assert.notInclude(texts(svg), "validation")
      assert.match(svg, /aria|<path[^>]*d="M[^"]*A/)
    })
  )

  it.effect("breaks a line where values are not finite and says how many", () =>
    Effect.gen(function* () {
      const epochs = history.epochs.map((record) => (record.epoch === 4 ? { ...record, loss: NaN } : record))
      const svg = yield* Viz.history({ epochs }).svg
      assert.include(texts(svg), "Loss, training: 1 of 10 values are not finite and are not drawn")
      assert.notInclude(svg, 'NaN"')
      const whole = linesOf(yield* Viz.history(history).svg)
      const moves = (line: string | undefined) => (line?.match(/[ML"]M|M/g) ?? []).length
      assert.isAbove(moves(linesOf(svg)[0]), moves(whole[0]))
      const none = yield* Viz.history({
        epochs: [
          { epoch: 1, loss: NaN },
          { epoch: 2, loss: Infinity }
        ]
      }).svg
      assert.include(texts(none), "Loss, training: 2 of 2 values are not finite and are not drawn")
    })
  )

  it.effect("gives every metric a panel, named in words", () =>
    Effect.gen(function* () {
      const epochs = history.epochs.map((record) => ({
        ...record,
        topFiveAccuracy: 1,
        valTopFiveAccuracy: 0.9,
        auc: 0.5,
        f1: 0.2
      }))
      const svg = yield* Viz.history({ epochs }).svg
      for (const title of ["Loss", "Accuracy", "Auc", "F1", "Top five accuracy"]) assert.include(texts(svg), title)
      assert.include(svg, `height="900"`)
    })
  )

  it.effect("has a logarithmic loss on request", () =>
    Effect.gen(function* () {
      const epochs = [1, 0.1, 0.01, 0.001, 0].map((loss, i) => ({ epoch: i + 1, loss }))
      const shown = texts(yield* Viz.history({ epochs }, { lossScale: "log" }).svg)
      for (const mark of ["1", "0.1", "0.01", "0.001"]) assert.include(shown, mark)
      assert.include(shown, "Loss, training: 1 of 5 values are not above 0 and finite and are not drawn")
    })
  )

  it.effect("refuses an empty history and a page without room, with sentences", () =>
    Effect.gen(function* () {
      const empty = yield* Effect.flip(Viz.history({ epochs: [] }).svg)
      assert.strictEqual(empty._tag, "VizError")
      assert.strictEqual(empty.kind, "argument")
      assert.include(empty.message, "the history has no epochs")
      const small = yield* Effect.flip(Viz.history(history, { width: 200 }).svg)
      assert.include(small.message, "2 panels do not fit on 200 x 480 pixels")
      assert.strictEqual((yield* Effect.flip(Viz.history(history, { width: NaN }).svg)).kind, "argument")
    })
  )
})

describe("Viz.lines", () => {
  it.effect("draws labelled series with titles, each with its own dashes", () =>
    Effect.gen(function* () {
      const series = ["one", "two", "three"].map((label, k) => ({
        label,
        points: Float32Array.from({ length: 100 }, (_, i) => i * k)
      }))
      const svg = yield* Viz.lines({ title: "Three", series, xTitle: "step", yTitle: "loss" }).svg
      for (const text of ["Three", "one", "two", "three", "step", "loss"]) assert.include(texts(svg), text)
      assert.strictEqual(new Set(linesOf(svg).map((line) => /stroke-dasharray="[^"]*"/.exec(line)?.[0])).size, 3)
      assert.strictEqual(new Set(linesOf(svg).map((line) => /stroke="[^"]*"/.exec(line)?.[0])).size, 3)
    })
  )

  it.effect("escapes what users write and leaves out what XML cannot hold", () =>
    Effect.gen(function* () {
      const chart = Viz.lines({
        title: `a < b & "c"\u0000`,
        series: [{ label: "<script>", points: [1, 2] }],
        yTitle: "x & y\u0001\ud800"
      })
      const svg = yield* chart.svg
      assert.include(svg, "a &lt; b &amp; &quot;c&quot;")
      assert.notInclude(svg, "<script>")
      assert.isAbove((yield* chart.png()).length, 1000)
    })
  )

  it.effect("wraps a legend that is wider than the page", () =>
    Effect.gen(function* () {
      const series = Array.from({ length: 14 }, (_, i) => ({ label: `a rather long label ${i}`, points: [0, i] }))
      const svg = yield* Viz.lines({ title: "t", series }).svg
      const legend = [...svg.matchAll(/<g transform="translate\(([\d.]+),([\d.]+)\)"><line x2="40"/g)]
      assert.strictEqual(legend.length, 14)
      assert.isTrue(legend.every((match) => Number(match[1]) < 1000))
      assert.isAbove(new Set(legend.map((match) => match[2])).size, 1)
    })
  )

  it.effect("refuses no series, an empty one, and two of one name", () =>
    Effect.gen(function* () {
      const refuse = (series: ReadonlyArray<Viz.Series>) =>
        Effect.map(Effect.flip(Viz.lines({ title: "t", series }).svg), (error) => error.message)
      assert.include(yield* refuse([]), `"t" has no series`)
      assert.include(yield* refuse([{ label: "a", points: [] }]), `the series "a" has no points`)
      assert.include(
        yield* refuse([
          { label: "a", points: [1] },
          { label: "a", points: [2] }
        ]),
        `two series are called "a"`
      )
    })
  )
})

describe("Viz.panels", () => {
  const series = (...labels: ReadonlyArray<string>) => labels.map((label, i) => ({ label, points: [i, i + 1] }))

  it.effect("draws series of one label alike in all panels, with one legend", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.panels({
        title: "Both",
        panels: [
          { title: "Left", series: series("a", "b"), xTitle: "layer", counts: true },
          { title: "Right", series: series("b"), yScale: "log" }
        ]
      }).svg
      for (const text of ["Both", "Left", "Right", "layer"]) assert.include(texts(svg), text)
      assert.strictEqual(texts(svg).filter((text) => text === "b").length, 1)
      const strokes = linesOf(svg).map((line) => /stroke="[^"]*"/.exec(line)?.[0])
      assert.strictEqual(strokes.length, 3)
      assert.strictEqual(strokes[1], strokes[2])
      assert.notStrictEqual(strokes[0], strokes[1])
    })
  )

  it.effect("refuses no panels, and a panel without series", () =>
    Effect.gen(function* () {
      const refuse = (panels: ReadonlyArray<Viz.PanelOptions>) =>
        Effect.map(Effect.flip(Viz.panels({ title: "t", panels }).svg), ({ message }) => message)
      assert.include(yield* refuse([]), `"t" has no panels`)
      assert.include(
        yield* refuse([
          { title: "first", series: series("a") },
          { title: "second", series: [] }
        ]),
        `"second" has no series`
      )
    })
  )
})
