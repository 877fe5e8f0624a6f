import { assert, describe, it } from "@effect/vitest"
import { makeKept, makeSum, momentsOf, quantile } from "./statistics.ts"

const pseudo = (n: number) => Array.from({ length: n }, (_, i) => Math.sin(i * i) * 3 + 1)

describe("statistics", () => {
  it("sums lose nothing that a float64 can hold", () => {
    const sum = makeSum()
    for (const x of [1, 1e100, 1, -1e100]) sum.add(x)
    assert.strictEqual(sum.value(), 2)
    const tenths = makeSum()
    for (let i = 0; i < 1_000_000; i++) tenths.add(0.1)
    assert.strictEqual(tenths.value(), 100_000)
  })

  it("moments are those of two passes, and no offset disturbs them", () => {
    const values = pseudo(10_000)
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0)
    assert.closeTo(momentsOf(values).mean(), mean, 1e-13)
    assert.closeTo(momentsOf(values).squares() / squares, 1, 1e-12)
    // A shift by 2^30 keeps 22 bits of every number's fraction; the deviation is that of the shifted numbers.
    const shifted = values.map((x) => x + 2 ** 30)
    assert.closeTo(momentsOf(shifted).mean() - 2 ** 30, mean, 1e-6)
    assert.closeTo(momentsOf(shifted).squares() / squares, 1, 1e-6)
    const constant = momentsOf([0.1, 0.1, 0.1])
    assert.deepStrictEqual([constant.mean(), constant.squares(), constant.count()], [0.1, 0, 3])
  })

  it("quantiles are linear between neighbours", () => {
    const sorted = Float64Array.of(1, 2, 4, 8)
    assert.deepStrictEqual(
      [0, 0.25, 0.5, 0.75, 1].map((q) => quantile(sorted, q)),
      [1, 1.75, 3, 5, 8]
    )
    assert.isNaN(quantile(new Float64Array(), 0.5))
    assert.strictEqual(quantile(Float64Array.of(7), 0.3), 7)
  })

  it("kept numbers are all there, sorted", () => {
    const kept = makeKept()
    const values = pseudo(5000)
    values.forEach((x) => kept.take(x))
    assert.deepStrictEqual(kept.sorted(), Float64Array.from(values).sort())
  })
})
