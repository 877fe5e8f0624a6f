import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { numbers, specials, vector } from "./numbers.test.support.ts"

const flags = (f: (x: number) => boolean): ReadonlyArray<number> => specials.map((x) => (f(x) ? 1 : 0))

describe("floats that are not ordinary", () => {
  it("are recognised", () => {
    const x = vector(specials)
    assert.deepStrictEqual(numbers(T.isNaN(x)), flags(Number.isNaN))
    assert.deepStrictEqual(numbers(T.isFinite(x)), flags(Number.isFinite))
    assert.deepStrictEqual(
      numbers(T.isInfinite(x)),
      flags((v) => Math.abs(v) === Infinity)
    )
    assert.deepStrictEqual(
      numbers(T.signBit(x)),
      flags((v) => v < 0 || Object.is(v, -0))
    )
    assert.strictEqual(T.isNaN(x).dtype, "bool")
    assert.deepStrictEqual(numbers(T.isFinite(T.constant([1, -2], "i32"))), [1, 1])
    assert.deepStrictEqual(numbers(T.signBit(T.constant([1, -2], "i32"))), [0, 1])
  })

  it("are replaced", () => {
    const x = vector([1, Number.NaN, Infinity, -Infinity])
    assert.deepStrictEqual(numbers(T.nanToNum(x)), [1, 0, Number.MAX_VALUE, -Number.MAX_VALUE])
    assert.deepStrictEqual(numbers(T.nanToNum(x, { nan: 2, posInf: 3, negInf: 4 })), [1, 2, 3, 4])
    const single = T.constant([Infinity, -Infinity])
    assert.deepStrictEqual(numbers(T.nanToNum(single)), [3.4028234663852886e38, -3.4028234663852886e38])
  })
})

describe("the larger and the smaller number", () => {
  it("is one that is known", () => {
    const [a, b] = [vector([1, Number.NaN, 3, Number.NaN, 5]), vector([2, 2, Number.NaN, Number.NaN, -1])]
    assert.deepStrictEqual(numbers(T.fmax(a, b)), [2, 2, 3, Number.NaN, 5])
    assert.deepStrictEqual(numbers(T.fmin(a, b)), [1, 2, 3, Number.NaN, -1])
  })
})

describe("signs", () => {
  it("copysign takes the sign of a zero too", () => {
    const signs = vector([0, -0, 5, -Infinity])
    assert.deepStrictEqual(numbers(T.copysign(vector([3, 3, -3, -3]), signs)), [3, -3, 3, -3])
    assert.deepStrictEqual(numbers(T.copysign(vector([3, -3]), -1)), [-3, -3])
  })

  it("heaviside", () =>
    assert.deepStrictEqual(numbers(T.heaviside(vector([-2, -0, 0, 3, Number.NaN]), 0.5)), [0, 0.5, 0.5, 1, Number.NaN]))
})
