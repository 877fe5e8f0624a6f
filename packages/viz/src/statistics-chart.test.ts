import { grad } from "@cotangent/autodiff"
import { Key, T } from "@cotangent/graph"
import { Inspect, Model } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Viz } from "./index.ts"

const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? "")
const layer = (size: number, zeros?: number): Viz.LayerStatistics => ({
  mean: 0,
  deviation: size,
  min: -2 * size,
  max: size,
  ...(zeros === undefined ? {} : { zeros })
})

/** How far right the points of a colour stand. */
const placesOf = (svg: string, fill: string): ReadonlyArray<number> =>
  [...svg.matchAll(/transform="translate\((-?[\d.]+),-?[\d.]+\)"[^>]*fill="(#\w+)"/g)]
    .filter((match) => match[2] === fill)
    .map((match) => Number(match[1]))

describe("Viz.statistics", () => {
  it.effect("places layers by the logarithm of their size, in their order", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.statistics({ gradients: { a: layer(1e-4), b: layer(1e-2, 0.25), c: layer(1, 0.001) } }).svg
      for (const text of ["Gradients", "a", "b", "c", "zeros", "25%", "&lt;1%"]) assert.include(texts(svg), text)
      const [a = 0, b = 0, c = 0, ...more] = placesOf(svg, "#0072b2").slice(-3)
      assert.isEmpty(more)
      assert.isAbove(b - a, 50)
      assert.approximately(b - a, c - b, 0.1)
    })
  )

  it.effect("gives panels one axis when asked to", () =>
    Effect.gen(function* () {
      const groups = { small: { a: layer(1e-6) }, large: { a: layer(1) } }
      const marks = (svg: string) => texts(svg).filter((text) => /^\d/.test(text))
      const one = marks(yield* Viz.statistics(groups, { oneAxis: true }).svg)
      assert.deepStrictEqual(one.slice(0, one.length / 2), one.slice(one.length / 2))
      assert.notDeepEqual(marks(yield* Viz.statistics(groups).svg), one)
    })
  )

  it.effect("takes what Inspect gives, evaluated", () =>
    Effect.gen(function* () {
      const model = pipe(Model.input([4]), Model.dense("hidden", 8, { activation: "relu" }), Model.dense("out", 3))
      const { params, state } = model.init(Key.key(1))
      const x = Key.normal(Key.key(2), [5, 4])
      const loss = (p: typeof params) => T.mean(T.square(model.apply(p, state, x, Model.evaluate).y))
      const values = (found: Inspect.StatisticsByPath) =>
        Object.fromEntries(
          Object.entries(found).map(([path, all]) => [
            path,
            {
              mean: T.evaluate(all.mean),
              deviation: T.evaluate(all.deviation),
              min: T.evaluate(all.min),
              max: T.evaluate(all.max),
              zeros: T.evaluate(all.zeros)
            }
          ])
        )
      const svg = yield* Viz.statistics({
        activations: values(Inspect.activationStatistics(model, params, state, x, Model.evaluate)),
        gradients: values(Inspect.treeStatistics(grad(loss)(params)))
      }).svg
      for (const text of ["Activations", "hidden", "out", "Gradients", "hidden.kernel", "out.bias"])
        assert.include(texts(svg), text)
      // @ts-expect-error expressions are no numbers
      const expressions = Viz.statistics({ gradients: Inspect.treeStatistics(params) })
      assert.include((yield* Effect.flip(expressions.svg)).message, "compute expressions with Compute.eval first")
    })
  )

  it.effect("says so where all numbers are 0 or some are not finite", () =>
    Effect.gen(function* () {
      const svg = yield* Viz.statistics({
        activations: { dead: layer(0, 1), wrong: { ...layer(1), max: Number.NaN }, large: layer(1e300), fine: layer(1) }
      }).svg
      assert.includeMembers([...texts(svg)], ["all are 0", "not finite", "100%"])
      assert.strictEqual(texts(svg).filter((text) => text === "not finite").length, 1)
      const nothing = yield* Viz.statistics({ activations: { dead: layer(0) } }).svg
      assert.include(texts(nothing), "all are 0")
    })
  )

  it.effect("fails with a sentence when there is nothing to draw, or no room", () =>
    Effect.gen(function* () {
      const refuse = (groups: Parameters<typeof Viz.statistics>[0], height?: number) =>
        Effect.map(
          Effect.flip(Viz.statistics(groups, height === undefined ? {} : { height }).svg),
          ({ message }) => message
        )
      assert.include(yield* refuse({}), "there are no statistics")
      assert.include(yield* refuse({ gradients: {} }), `the group "Gradients" has no layers`)
      assert.include(yield* refuse({ gradients: { a: layer(1) } }, 100), "1 panels of 1 layers do not fit on 760 x 100")
    })
  )
})
