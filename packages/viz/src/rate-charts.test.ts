import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Viz } from "./index.ts"

const found: Viz.FoundRates = {
  points: Array.from({ length: 30 }, (_, i) => {
    const rate = 1e-5 * 10 ** (i / 6)
    const smoothed = 2 - Math.tanh(i / 6 - 2) + (i > 26 ? i - 26 : 0)
    return { rate, loss: smoothed + 0.1 * Math.sin(5 * i), smoothed }
  }),
  suggestion: 0.0012345,
  beforeMinimum: 0.0215
}
const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")

describe("Viz.rates", () => {
  it.effect("shows both losses and the suggestions", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.rates(found).svg
      for (const text of [
        "Learning-rate finder",
        "smoothed",
        "loss of the batch",
        "steepest at 0.00123",
        "a tenth of the lowest, 0.0215",
        "learning rate"
      ])
        assert.include(texts(svg), text)
      assert.strictEqual([...svg.matchAll(/<path[^>]*stroke-width="2.5"[^>]*>/g)].length, 4)
      const { suggestion: _, ...without } = found
      assert.isFalse(texts(yield* Viz.rates(without).svg).some((text) => text.startsWith("steepest")))
    })
  )
  it.effect("fails with a sentence when no rate was tried", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Viz.rates({ points: [], beforeMinimum: Number.NaN }).svg)
      assert.strictEqual(message, "viz: the finder tried no rates, so there is nothing to draw")
    })
  )
})
