/** Transforms against plain arithmetic. */
import { assert, describe, it } from "@effect/vitest"
import { Key, T, Tree } from "@cotangent/graph"
import {
  accumulate,
  adaptiveClip,
  addDecayedWeights,
  addNoise,
  centralize,
  chain,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  ema,
  identity,
  OptimizerError,
  scale,
  scaleByAdam,
  Schedule,
  skipNonFinite,
  trace,
  type Transform,
  type TransformRule
} from "../index.ts"
import {
  close,
  first,
  follow,
  gradients,
  numbersOf,
  once,
  type Params,
  params,
  same
} from "./transforms.test.support.ts"

describe("clipping", () => {
  it("by the norm of each leaf", () => {
    const expected = Tree.leaves(first).flatMap((leaf) => {
      const g = numbersOf(leaf)
      const factor = Math.min(1, 1.5 / Math.hypot(...g))
      return g.map((x) => x * factor)
    })
    close(once(clipByNorm(1.5)), expected)
    close(once(clipByNorm(100)), numbersOf(first), 0)
    close(
      once(clipByNorm(1), Tree.map(first, T.zerosLike)),
      numbersOf(first).map(() => 0),
      0
    )
  })

  it("by the root mean square of each leaf", () => {
    const expected = Tree.leaves(first).flatMap((leaf) => {
      const g = numbersOf(leaf)
      const rms = Math.sqrt(g.reduce((sum, x) => sum + x * x, 0) / g.length)
      return g.map((x) => x / Math.max(1, rms / 0.5))
    })
    close(once(clipByBlockRms(0.5)), expected)
  })

  it("adaptively, by the norm of what feeds each output", () => {
    const clipped = once(adaptiveClip({ limit: 0.1, epsilon: 1e-3 }))
    const [w, g] = [numbersOf(params.hidden.kernel), numbersOf(first.hidden.kernel)]
    const column = (x: ReadonlyArray<number>, j: number) => x.filter((_, i) => i % 2 === j)
    const factor = (j: number) =>
      Math.min(1, (0.1 * Math.max(Math.hypot(...column(w, j)), 1e-3)) / Math.hypot(...column(g, j)))
    close(
      clipped.hidden.kernel,
      g.map((x, i) => x * factor(i % 2))
    )
    // A bias is one unit: |theta| = hypot(0.1, 0.2), |g| = 0.5.
    close(clipped.hidden.bias, [0, 0.1 * Math.hypot(0.1, 0.2)])
    // Weights of zero count as epsilon.
    const zero = Tree.map(params, T.zerosLike)
    const transform = adaptiveClip({ limit: 0.1, epsilon: 0.01 })
    const [atZero] = transform.update<Params>(first, {}, { params: zero, step: T.full([], 1, "i32") })
    assert.approximately(Math.hypot(...numbersOf(atZero.out)), 0.1 * 0.01, 1e-16)
  })

  it("shrinks, keeps directions, and does nothing twice", () => {
    const law = <F extends TransformRule>(clip: Transform<F>): void => {
      const [clipped, twice] = [once(clip), once(chain({ clip, again: clip }))]
      numbersOf(clipped).forEach((x, i) => {
        const g = numbersOf(first)[i] ?? 0
        assert.isAtMost(Math.abs(x), Math.abs(g))
        assert.strictEqual(Math.sign(x), Math.sign(g))
      })
      close(twice, numbersOf(clipped), 1e-15)
    }
    law(clipByNorm(0.7))
    law(clipByBlockRms(0.2))
    law(adaptiveClip({ limit: 0.05 }))
  })
})

describe("centralize", () => {
  it("takes the mean of what feeds each output from kernels, and is a projection", () => {
    const centered = once(centralize)
    const g = numbersOf(first.hidden.kernel)
    const mean = (j: number) => g.filter((_, i) => i % 2 === j).reduce((a, b) => a + b, 0) / 3
    close(
      centered.hidden.kernel,
      g.map((x, i) => x - mean(i % 2))
    )
    close(centered.hidden.bias, numbersOf(first.hidden.bias), 0)
    close(once(chain({ a: centralize, b: centralize })), numbersOf(centered))
  })
})

describe("ema", () => {
  it("is a weighted mean of the gradients", () => {
    const [out] = follow(ema(0.8))
    const weights = gradients.map((_, i) => 0.8 ** (gradients.length - 1 - i))
    const total = weights.reduce((a, b) => a + b, 0)
    const expected = numbersOf(first).map((_, j) =>
      gradients.reduce((sum, g, i) => sum + ((weights[i] ?? 0) / total) * (numbersOf(g)[j] ?? 0), 0)
    )
    close(out.at(-1), expected, 1e-13)
    same(ema(0.8, { debias: false }), chain({ ema: trace(0.8), rest: scale(0.2) }), gradients, 1e-14)
  })
})

describe("addNoise", () => {
  it("is decided by the key in the state, and dies down", () => {
    const zeros = gradients.map((g) => Tree.map(g, T.zerosLike))
    const [out, { key }] = follow(addNoise({ eta: 0.25, seed: 3 }), zeros)
    close(follow(addNoise({ eta: 0.25, seed: 3 }), zeros)[0], numbersOf(out), 0)
    assert.notDeepEqual(numbersOf(out), numbersOf(follow(addNoise({ eta: 0.25, seed: 4 }), zeros)[0]))
    assert.notDeepEqual(numbersOf(key), numbersOf(Key.key(3)))
    same(addNoise({ eta: 0 }), identity)
  })

  it("has the variance eta / (1 + k)^gamma", () => {
    const wide = T.zeros([4000], "f64")
    const noise = addNoise({ eta: 0.5, gamma: 1 })
    let state = noise.init(wide)
    for (const k of [1, 2, 3]) {
      const [out, next] = noise.update<typeof wide>(wide, state, { params: wide, step: T.full([], k, "i32") })
      state = next
      const x = numbersOf(out)
      const variance = x.reduce((sum, n) => sum + n * n, 0) / x.length
      // The variance of 4000 squares of normal numbers is 2 / 4000: five standard deviations are 0.11.
      assert.approximately(variance / (0.5 / k), 1, 0.11)
    }
  })
})

describe("hyper-parameters", () => {
  const falling = Schedule.linear({ from: 0.9, to: 0.5, steps: 4 })
  it("may be schedules and scalars: a constant schedule is the number", () => {
    same(trace(Schedule.constant(0.9)), trace(0.9))
    same(trace(T.constant(0.9, "f64")), trace(0.9))
    const betas = { beta1: Schedule.constant(0.8), beta2: T.constant(0.95, "f64") }
    same(scaleByAdam(betas), scaleByAdam({ beta1: 0.8, beta2: 0.95 }))
    same(clipByValue(Schedule.constant(0.5)), clipByValue(0.5))
    same(clipByGlobalNorm(Schedule.constant(0.5)), clipByGlobalNorm(0.5))
  })

  it("follow their schedule from step to step", () => {
    const [out] = follow(trace(falling))
    const expected = numbersOf(first).map((_, j) =>
      gradients.reduce((u, g, k) => (0.9 - 0.1 * Math.min(k, 4)) * u + (numbersOf(g)[j] ?? 0), 0)
    )
    close(out.at(-1), expected, 1e-12)
    const [decays] = follow(addDecayedWeights(falling))
    close(decays[2]?.out, [2 * 0.7 - 0.75, -3 * 0.7 + 4], 1e-15)
  })

  it("that are wrong are refused before anything runs", () => {
    const f32 = T.constant(0.9) as never
    for (const build of [
      () => trace(-1),
      () => trace(f32),
      () => ema(1),
      () => scaleByAdam({ beta1: 1, beta2: f32 }),
      () => clipByNorm(0),
      () => clipByBlockRms(-1),
      () => adaptiveClip({ limit: 0, epsilon: -1 }),
      () => addNoise({ eta: -1, seed: 0.5 }),
      () => accumulate(identity, { every: 0, epoch: 1.5 }),
      () => skipNonFinite(identity, { tolerance: 0 })
    ])
      assert.throws(build, OptimizerError)
    assert.throws(
      () => accumulate(identity, { every: 0, epoch: 1.5 }),
      OptimizerError,
      "accumulate: every must be a whole number, 1 or more, it is 0; epoch must be a whole number, 1 or more, or left out, it is 1.5"
    )
  })
})
