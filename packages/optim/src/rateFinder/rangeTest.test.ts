import { assert, describe, it } from "@effect/vitest"
import { OptimizerError, rangeTest } from "../index.ts"

describe("rangeTest", () => {
  it("spaces its rates", () => {
    const { rates } = rangeTest({ from: 1e-4, to: 1, steps: 5 })
    rates.forEach((rate, i) => assert.approximately(rate / 10 ** (i - 4), 1, 1e-12))
    assert.deepStrictEqual(rangeTest({ from: 1, to: 3, steps: 3, spacing: "linear" }).rates, [1, 2, 3])
    assert.strictEqual(rangeTest().rates.length, 100)
  })

  it("smooths as a weighted mean", () => {
    const losses = [2, 1.5, 3, 0.5, 1]
    const test = rangeTest({ steps: 5, smoothing: 0.6 })
    const { points } = losses.reduce(test.update, test.init)
    points.forEach(({ smoothed }, n) => {
      const weights = losses.slice(0, n + 1).map((_, i) => 0.6 ** (n - i))
      const total = weights.reduce((a, b) => a + b, 0)
      const mean = weights.reduce((sum, w, i) => sum + (w / total) * (losses[i] ?? 0), 0)
      assert.approximately(smoothed, mean, 1e-14)
    })
  })

  it("finds where a known curve is steepest", () => {
    // A loss of -tanh(log10(rate) + 2) falls fastest at 0.01; above 0.5 it is quickly above 4 times its smallest.
    const test = rangeTest({ from: 1e-6, to: 100, steps: 161, smoothing: 0 })
    const curve = (rate: number) => 1.2 - Math.tanh(Math.log10(rate) + 2) + (rate > 0.5 ? 30 * (rate - 0.5) : 0)
    const end = test.rates.map(curve).reduce(test.update, test.init)
    const finding = test.finding(end)
    assert.isTrue(end.done)
    assert.strictEqual(finding.stopped, "divergence")
    assert.isBelow(finding.points.length, 161)
    assert.approximately(Math.log10(finding.suggestion ?? 0), -2, 0.026)
    assert.approximately(finding.beforeMinimum, 0.05, 0.006)
    // Smoothing delays the fall, to larger rates, and by no more than its memory of 1 / (1 - s) steps.
    const smooth = rangeTest({ from: 1e-6, to: 100, steps: 161, smoothing: 0.8 })
    const later = smooth.finding(smooth.rates.map(curve).reduce(smooth.update, smooth.init)).suggestion ?? 0
    assert.isAtLeast(Math.log10(later), -2)
    assert.isAtMost(Math.log10(later), -2 + 5 * 0.05 + 0.05)
  })

  it("stops at a loss that is not finite, and ignores what comes after the end", () => {
    const test = rangeTest({ steps: 10 })
    const end = [1, 0.9, Number.NaN].reduce(test.update, test.init)
    assert.isTrue(end.done)
    assert.strictEqual(test.update(end, 1), end)
    const finding = test.finding(end)
    assert.strictEqual(finding.stopped, "divergence")
    assert.strictEqual(finding.points.length, 3)
  })

  it("suggests none of the first rates, whose averages are of few losses", () => {
    // Batches differ by 1 from one another; the fall at 0.01 is slower than that, and spread over a decade.
    const test = rangeTest({ from: 1e-6, to: 1, steps: 120 })
    const losses = test.rates.map((rate, i) => 4 - Math.tanh(3 * (Math.log10(rate) + 2)) + (i % 2 === 0 ? 0.5 : -0.5))
    const { points, suggestion = 0 } = test.finding(losses.reduce(test.update, test.init))
    assert.isBelow((points[1]?.smoothed ?? 0) - (points[0]?.smoothed ?? 0), -0.5)
    assert.isAbove(suggestion, 1e-3)
    assert.isBelow(suggestion, 1e-1)
    // A test that ends among them still ends.
    const short = rangeTest({ steps: 100 })
    assert.isUndefined(short.finding([1, 0.5, Number.NaN].reduce(short.update, short.init)).suggestion)
  })

  it("suggests nothing where the loss never falls", () => {
    const test = rangeTest({ steps: 5, smoothing: 0 })
    const finding = test.finding([1, 1.1, 1.2, 1.3, 1.4].reduce(test.update, test.init))
    assert.isUndefined(finding.suggestion)
    assert.strictEqual(finding.stopped, "steps")
  })

  it("refuses wrong options, all at once", () =>
    assert.throws(
      () => rangeTest({ from: 1, to: 0.1, steps: 1, smoothing: 1, divergence: 1 }),
      OptimizerError,
      "rangeTest: smoothing must be at least 0 and below 1, it is 1; divergence must be a finite number above 1, it is 1; from must be below to; there must be two rates or more"
    ))
})
