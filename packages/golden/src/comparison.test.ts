import { assert, describe, it } from "@effect/vitest"
import { compare, errorOf } from "./comparison.ts"

const strict = { relative: 1e-9, floor: 1 }

describe("errorOf", () => {
  it("is relative above the floor and absolute below", () => {
    assert.approximately(errorOf(1000, 1001, strict), 1e-3, 1e-15)
    assert.approximately(errorOf(1e-6, 2e-6, strict), 1e-6, 1e-18)
    assert.approximately(errorOf(1e-6, 2e-6, { relative: 1e-9, floor: 1e-6 }), 1, 1e-12)
  })

  it("takes NaN for NaN and an infinity for itself only", () => {
    assert.strictEqual(errorOf(Number.NaN, Number.NaN, strict), 0)
    assert.strictEqual(errorOf(Infinity, Infinity, strict), 0)
    assert.strictEqual(errorOf(Infinity, -Infinity, strict), Infinity)
    assert.strictEqual(errorOf(Infinity, 1e300, strict), Infinity)
    assert.strictEqual(errorOf(1, Number.NaN, strict), Infinity)
    assert.strictEqual(errorOf(Number.NaN, 1, strict), Infinity)
    assert.strictEqual(errorOf(0, -0, strict), 0)
  })
})

describe("compare", () => {
  it("gives the worst number", () => {
    const { agrees, index, expected, actual } = compare([1, 2, 3], [1, 2.5, 3.1], strict)
    assert.deepStrictEqual([agrees, index, expected, actual], [false, 1, 2, 2.5])
    assert.isTrue(compare([1, 2], [1, 2 + 1e-9], strict).agrees)
    assert.isFalse(compare([1, 2], [1, 2 + 1e-8], strict).agrees)
  })

  it("fails when one side is longer", () => {
    assert.isFalse(compare([1, 2], [1], strict).agrees)
    assert.isFalse(compare([], [1], strict).agrees)
    assert.isTrue(compare([], [], strict).agrees)
  })
})
