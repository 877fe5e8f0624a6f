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
