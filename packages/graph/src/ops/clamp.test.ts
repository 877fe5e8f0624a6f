import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as T from "./index.ts"
import { near, numbers, vector } from "./numbers.test.support.ts"

describe("clamp", () => {
  const x = vector([-2, -0.5, 0, 0.8, 3, Number.NaN])

  it("takes numbers and tensors, one side or both", () => {
    assert.deepStrictEqual(numbers(T.clamp(x, { min: -0.5, max: 0.8 })), [-0.5, -0.5, 0, 0.8, 0.8, Number.NaN])
    assert.deepStrictEqual(numbers(pipe(x, T.clamp({ min: 0 }))), [0, 0, 0, 0.8, 3, Number.NaN])
    assert.deepStrictEqual(numbers(T.clamp(x, { max: 0 })), [-2, -0.5, 0, 0, 0, Number.NaN])
    const bounds = T.clamp(T.constant([[-5], [5]]), { min: T.constant([-1, -2]), max: T.constant([1, 2]) })
    assert.deepStrictEqual(numbers(bounds), [-1, -2, 1, 2])
    assert.deepStrictEqual(numbers(T.clamp(T.constant([5, -5], "i32"), { min: -1, max: 2 })), [2, -1])
  })

  it("is the upper bound where the bounds are the wrong way round", () =>
    assert.deepStrictEqual(numbers(T.clamp(vector([-3, 0, 3]), { min: 1, max: -1 })), [-1, -1, -1]))

  it("needs a bound, and bounds that fit", () => {
    assert.throws(() => T.clamp(x, {}), "clamp: needs { min }, { max } or both")
    const three: ReadonlyArray<number> = [1, 2, 3]
    assert.throws(() => T.clamp(T.constant([1, 2]), { min: vector(three) as never }), "clamp: f32 with f64")
  })
})

describe("lerp", () => {
  it("is exact at both ends", () => {
    const [a, b] = [vector([0.1, 1e16, -3]), vector([0.7, 1, 5])]
    assert.deepStrictEqual(numbers(T.lerp(a, b, 0)), numbers(a))
    assert.deepStrictEqual(numbers(T.lerp(a, b, 1)), numbers(b))
    assert.deepStrictEqual(numbers(T.lerp(a, b, vector([0, 1, 0.5]))), [0.1, 1, 1])
    near(numbers(pipe(a, T.lerp(b, 0.25))), [0.25, 7.5e15 + 0.25, -1])
  })

  it("addScaled", () => assert.deepStrictEqual(numbers(T.addScaled(vector([1, 2]), vector([3, 4]), -2)), [-5, -6]))
})
