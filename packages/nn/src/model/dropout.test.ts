import { Key, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertGradient, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"

const model = pipe(Model.input([100]), Model.dropout(0.25))
const x = T.full([40, 100], 3)
const dropped = (seed: number) => numbers(model.apply({}, {}, x, Model.train(Key.key(seed))).y)

describe("dropout", () => {
  it("keeps a share of 1 - rate, scaled so that the expected output is the input", () => {
    const ys = dropped(1)
    const kept = ys.filter((y) => y !== 0)
    // 4000 draws: the standard error of the share is 0.0068.
    assert.approximately(kept.length / ys.length, 0.75, 0.025)
    for (const y of kept) assert.approximately(y, 4, 1e-6)
  })

  it("is determined by the key", () => {
    assert.deepStrictEqual(dropped(1), dropped(1))
    assert.notDeepEqual(dropped(1), dropped(2))
  })

  it("drops independently in every layer", () => {
    const twice = pipe(Model.input([100]), Model.dropout(0.5), Model.dropout(0.5))
    const kept = numbers(twice.apply({}, {}, x, Model.train(Key.key(1))).y).filter((y) => y !== 0)
    assert.approximately(kept.length / 4000, 0.25, 0.03)
  })

  it("is the identity in evaluate mode, and at rate 0 in both", () => {
    assert.deepStrictEqual(numbers(model.apply({}, {}, x, Model.evaluate).y), numbers(x))
    const none = pipe(Model.input([100]), Model.dropout(0))
    assert.deepStrictEqual(numbers(none.apply({}, {}, x, Model.train(Key.key(1))).y), numbers(x))
  })

  it("lets the derivative through where it lets the value through", () => {
    const small = pipe(Model.input([4]), Model.dropout(0.5))
    assertGradient(
      (v) => T.sum(T.square(small.apply({}, {}, v, Model.train(Key.key(5))).y)),
      T.constant([
        [1, 2, 3, 4],
        [5, 6, 7, 8]
      ]),
      1e-4
    )
  })

  it("refuses a rate outside [0, 1)", () => {
    // @ts-expect-error the rate must be 0 or more and below 1
    const certain = () => pipe(Model.input([4]), Model.dropout(1))
    assert.throws(certain, OptionError, "dropout: the rate must be 0 or more and below 1, got 1")
    // @ts-expect-error the rate must be 0 or more and below 1
    assert.throws(() => pipe(Model.input([4]), Model.dropout(-0.1)), OptionError)
    assert.throws(() => Model.dropout(Number("x")), OptionError)
    for (const rate of [0.999, 1e-9, 2.5e-7] as const)
      assert.strictEqual(pipe(Model.input([4]), Model.dropout(rate)).layers.length, 1)
  })
})

describe("dropout of parts", () => {
  const input = T.ones([50, 4, 10])
  const key = Key.key(3)
  const ys = (layer: Model.Model<["batch", 4, 10], ["batch", 4, 10]>) =>
    numbers(layer.apply({}, {}, input, Model.train(key)).y)
  const at = (y: ReadonlyArray<number>, b: number, i: number, c: number) => y[(b * 4 + i) * 10 + c]

  it("drops whole channels", () => {
    const y = ys(pipe(Model.input([4, 10]), Model.spatialDropout(0.25)))
    for (let b = 0; b < 50; b++)
      for (let c = 0; c < 10; c++) for (let i = 1; i < 4; i++) assert.strictEqual(at(y, b, i, c), at(y, b, 0, c))
    // 500 draws: the standard error of the share is 0.02.
    assert.approximately(y.filter((v) => v === 0).length / y.length, 0.25, 0.08)
  })

  it("drops whole samples", () => {
    const y = ys(pipe(Model.input([4, 10]), Model.stochasticDepth(0.5)))
    const rows = Array.from({ length: 50 }, (_, b) => new Set(y.slice(b * 40, b * 40 + 40)))
    assert.isTrue(rows.every((row) => row.size === 1))
    assert.deepStrictEqual(new Set(y), new Set([0, 2]))
  })

  it("adds noise of the spread it says", () => {
    const spread = (y: ReadonlyArray<number>) => Math.sqrt(y.reduce((s, v) => s + (v - 1) ** 2, 0) / y.length)
    // 2000 draws: the standard error of the deviation is 1.6 % of it.
    assert.approximately(spread(ys(pipe(Model.input([4, 10]), Model.gaussianNoise(0.5)))), 0.5, 0.04)
    assert.approximately(spread(ys(pipe(Model.input([4, 10]), Model.gaussianDropout(0.2)))), 0.5, 0.04)
    const still = pipe(Model.input([4, 10]), Model.gaussianNoise(0.5), Model.stochasticDepth(0.5))
    assert.isTrue(numbers(still.apply({}, {}, input, Model.evaluate).y).every((v) => v === 1))
    assert.throws(() => Model.gaussianNoise(-1), OptionError)
    // @ts-expect-error stochasticDepth: the rate must be 0 or more and below 1, got 1
    assert.throws(() => pipe(Model.input([4]), Model.stochasticDepth(1)), OptionError, "stochasticDepth: the rate")
  })
})
