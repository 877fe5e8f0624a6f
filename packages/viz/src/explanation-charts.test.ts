import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Viz } from "./index.ts"

const steps: ReadonlyArray<Viz.ExplainedStep> = Array.from({ length: 12 }, (_, i) => ({
  step: i + 1,
  layers: Object.fromEntries(
    ["hidden.kernel", "hidden.bias"].map((path, j) => [
      path,
      {
        updateToWeight: 1e-3 / (i + 1),
        effectiveRate: 0.1 * (j + 1),
        signAgreement: 0.5 + 0.02 * i,
        signalToNoise: 1 / (i + 1),
        along: { gradient: 0.3, momentum: -0.1 * (i / 12), correction: 0.2 / (i + 1) }
      }
    ])
  )
}))
const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")
const lineCount = (svg: string): number => [...svg.matchAll(/<path[^>]*stroke-width="2.5"[^>]*>/g)].length

describe("Viz.explanation", () => {
  it.effect("has a panel for each layer and a line for each stage", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.explanation(steps).svg
      for (const text of ["hidden.kernel", "hidden.bias", "gradient", "momentum", "correction", "step"])
        assert.include(texts(svg), text)
      assert.strictEqual(lineCount(svg), 6)
      assert.strictEqual(lineCount(yield* Viz.explanation(steps, { layers: ["hidden.bias"] }).svg), 3)
    })
  )
  it.effect("fails with a sentence when there is nothing to draw", () =>
    Effect.gen(function* () {
      const none = yield* Effect.flip(Viz.explanation([]).svg)
      assert.strictEqual(none.message, "viz: there are no explained steps, so there is nothing to draw")
      const empty = yield* Effect.flip(Viz.updates([{ step: 1, layers: {} }]).svg)
      assert.include(empty.message, "have no layers")
    })
  )
})

describe("Viz.updates", () => {
  it.effect("has a panel for each measure and a line for each layer", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.updates(steps).svg
      for (const text of ["Change against weights", "Effective rate", "Agreement of signs", "Signal to noise"])
        assert.include(texts(svg), text)
      assert.strictEqual(lineCount(svg), 8)
      const quiet = steps.map(({ step, layers }) => ({
        step,
        layers: Object.fromEntries(
          Object.entries(layers).map(([path, { signalToNoise: _, ...rest }]) => [path, rest] as const)
        )
      }))
      assert.notInclude(texts(yield* Viz.updates(quiet).svg), "Signal to noise")
    })
  )
})
