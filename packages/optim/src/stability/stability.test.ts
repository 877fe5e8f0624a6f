import { assert, describe, it } from "@effect/vitest"
import { T } from "@cotangent/graph"
import {
  bothWatchers,
  gradientNorms,
  layerNorms,
  lossSpikes,
  median,
  medianSpread,
  OptimizerError,
  watch,
  type Watcher
} from "../index.ts"

/** Numbers between 0 and 1 from a seed, for runs that look like runs (Lehmer 1951). */
const randomNumbers = (seed: number, n: number): ReadonlyArray<number> => {
  let x = seed
  return Array.from({ length: n }, () => (x = (x * 48271) % 2147483647) / 2147483647)
}
const losses = (noise: number, n = 300): ReadonlyArray<number> =>
  randomNumbers(7, n).map((u, k) => 2 * Math.exp(-k / 80) + 0.5 + noise * (u - 0.5))
const observed = (values: ReadonlyArray<number>) => values.map((loss, i) => ({ step: i + 1, loss }))

describe("robust statistics", () => {
  it("by hand", () => {
    assert.strictEqual(median([5, 1, 3]), 3)
    assert.strictEqual(median([4, 1, 3, 2]), 2.5)
    assert.isNaN(median([]))
    // Deviations from 3 are 2, 1, 0, 1, 97: their median is 1.
    assert.approximately(medianSpread([1, 2, 3, 4, 100]), 1.4826, 1e-4)
  })
  it("agree with the standard deviation of normal numbers", () => {
    const u = randomNumbers(3, 20000)
    const normals = Array.from(
      { length: 10000 },
      (_, i) => Math.sqrt(-2 * Math.log(u[2 * i] ?? 1)) * Math.cos(2 * Math.PI * (u[2 * i + 1] ?? 0))
    )
    assert.approximately(medianSpread(normals), 1, 0.04)
  })
})

describe("lossSpikes", () => {
  for (const method of ["median", "average"] as const) {
    it(`${method}: tells spikes, and none where there are none`, () => {
      const usual = losses(0.2)
      assert.deepStrictEqual(watch(lossSpikes({ method }), observed(usual))[1], [])
      const spiked = usual.map((loss, k) => ([100, 101, 220].includes(k) ? loss + 3 : loss))
      const [, events] = watch(lossSpikes({ method }), observed(spiked))
      assert.deepStrictEqual(
        events.map(({ step, _tag }) => [step, _tag]),
        [
          [101, "LossSpike"],
          [102, "LossSpike"],
          [221, "LossSpike"]
        ]
      )
    })

    it(`${method}: waits for the warm-up, and tells losses that are not finite without remembering them`, () => {
      const early = observed([1, 1, 50, 1, 1, 1])
      assert.deepStrictEqual(watch(lossSpikes({ method, warmup: 10 }), early)[1], [])
      const watcher = lossSpikes({ method })
      const [before] = watch(watcher, observed(losses(0.1, 40)))
      const [after, events] = watcher.update(before, { step: 41, loss: Number.NaN })
      assert.strictEqual(after, before)
      assert.strictEqual(events[0]?._tag, "NonFiniteLoss")
    })
  }

  it("by hand: median 0.99, spread of the floor", () => {
    const [, events] = watch(lossSpikes({ window: 20, warmup: 3 }), observed([1, 0.98, 1.01, 0.97, 5, 0.96]))
    const [spike] = events
    assert.strictEqual(events.length, 1)
    if (spike?._tag !== "LossSpike") return assert.fail("a spike was expected")
    assert.approximately(spike.expected, 0.99, 1e-15)
    // |x - 0.99| is 0.01, 0.01, 0.02, 0.02: the spread is 1.4826 times 0.015.
    assert.approximately(spike.deviations, (5 - 0.99) / (1.482602218505602 * 0.015), 1e-9)
  })

  it("grows used to a new level", () => {
    const level = [...Array.from({ length: 60 }, () => 1), ...Array.from({ length: 60 }, () => 2)]
    const [, events] = watch(lossSpikes({ window: 20 }), observed(level))
    assert.isAtMost(events.length, 11)
    assert.strictEqual(events[0]?.step, 61)
  })
})

describe("gradientNorms", () => {
  const run = (norms: ReadonlyArray<number>) =>
    watch(
      gradientNorms({ largest: 100, ratio: 20, smallest: 1e-6, patience: 3, warmup: 4 }),
      norms.map((norm, i) => ({ step: i + 1, gradientNorms: { hidden: norm, out: 1 } }))
    )[1]

  it("tells what explodes, by limit and by ratio, and what recovers", () => {
    assert.deepStrictEqual(run([1, 200, 300, 1]), [
      { _tag: "ExplodingGradient", step: 2, layer: "hidden", norm: 200, limit: 100 },
      { _tag: "RecoveredGradient", step: 4, layer: "hidden", norm: 1 }
    ])
    assert.deepStrictEqual(run([1, 1.5, 0.5, 1, 30, 1]), [
      { _tag: "ExplodingGradient", step: 5, layer: "hidden", norm: 30, limit: 20 },
      { _tag: "RecoveredGradient", step: 6, layer: "hidden", norm: 1 }
    ])
  })

  it("tells what vanishes, after some steps", () => {
    assert.deepStrictEqual(run([1, 1e-8, 1e-8, 1, 1e-8, 0, 0, 0]), [
      { _tag: "VanishingGradient", step: 7, layer: "hidden", norm: 0, limit: 1e-6, steps: 3 }
    ])
  })

  it("tells what is not finite, once", () => {
    assert.deepStrictEqual(
      run([1, Number.NaN, Infinity, 2]).map(({ _tag, step }) => [_tag, step]),
      [
        ["NonFiniteGradient", 2],
        ["RecoveredGradient", 4]
      ]
    )
  })

  it("reads the norms of layers", () => {
    const norms = layerNorms({ hidden: { kernel: T.constant([[3, 4]]), bias: T.constant([2]) }, ids: T.iota(3) })
    const values = T.evaluate(norms)
    assert.deepStrictEqual(Object.keys(values), ["hidden.kernel", "hidden.bias"])
    assert.strictEqual(values["hidden.kernel"]?.data[0], 5)
    assert.strictEqual(values["hidden.bias"]?.data[0], 2)
  })
})

describe("laws of watchers", () => {
  const observations = losses(0.2).map((loss, k) => ({
    step: k + 1,
    loss: k % 71 === 70 ? loss * 8 : loss,
    gradientNorms: { a: k % 53 === 52 ? 1e5 : loss, b: k > 200 ? 1e-9 : 1 }
  }))
  const law = <S, E>(watcher: Watcher<S, (typeof observations)[number], E>): void => {
    const [whole, events] = watch(watcher, observations)
    assert.isAbove(events.length, 2)
    for (const cut of [0, 1, 57, 299]) {
      const [half, first] = watch(watcher, observations.slice(0, cut))
      // The state survives a checkpoint as text.
      const stored: S = JSON.parse(JSON.stringify(half))
      const [end, second] = watch(watcher, observations.slice(cut), stored)
      assert.deepStrictEqual([...first, ...second], [...events])
      assert.deepStrictEqual(end, whole)
    }
    assert.deepStrictEqual(watch(watcher, observations), [whole, events])
  }
  it("going on from a stored state is going on", () => {
    law(lossSpikes())
    law(lossSpikes({ method: "average" }))
    law(gradientNorms())
    law(bothWatchers(lossSpikes(), gradientNorms()))
  })
  it("two as one tell what each tells", () => {
    const [, both] = watch(bothWatchers(lossSpikes(), gradientNorms()), observations)
    const alone = [...watch(lossSpikes(), observations)[1], ...watch(gradientNorms(), observations)[1]]
    assert.sameDeepMembers([...both], alone)
  })
  it("wrong options are told together", () => {
    assert.throws(
      () => gradientNorms({ largest: 1, smallest: 2, patience: 0 }),
      OptimizerError,
      "gradientNorms: patience must be a whole number, 1 or more, it is 0; smallest must be below largest"
    )
    assert.throws(
      () => lossSpikes({ limit: 0, decay: 1 }),
      OptimizerError,
      "limit must be a finite number above 0, it is 0; decay"
    )
  })
})
