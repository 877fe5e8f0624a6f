/** Transforms that wrap others: what they do, and their laws. */
import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, Tree } from "@cotangent/graph"
import {
  accumulate,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  ema,
  flushTiny,
  freeze,
  fromTransform,
  identity,
  masked,
  OptimizerError,
  partition,
  scale,
  scaleByAdam,
  Schedule,
  skipNonFinite,
  trace
} from "../index.ts"
import {
  close,
  first,
  follow,
  gradientAt,
  gradients,
  numbersOf,
  once,
  type Params,
  params,
  same
} from "./transforms.test.support.ts"

describe("partition", () => {
  it("of one transform is that transform, when it works element by element", () => {
    const adam = scaleByAdam()
    same(partition({ a: adam, b: adam }, { "": "a", hidden: "b" }), adam)
    same(
      partition({ all: clipByGlobalNorm(1) }, () => "all"),
      clipByGlobalNorm(1)
    )
  })

  it("gives each part its own rate, state and norm, and freezes", () => {
    const parts = partition(
      { fast: scale(2), slow: chain({ clip: clipByGlobalNorm(1), rate: scale(0.1) }), frozen: freeze },
      { "": "fast", hidden: "slow", "hidden.bias": "frozen" }
    )
    const [[out = first], state] = follow(parts, [first])
    close(
      out.out,
      numbersOf(first.out).map((x) => 2 * x)
    )
    const g = numbersOf(first.hidden.kernel)
    close(
      out.hidden.kernel,
      g.map((x) => (0.1 * x) / Math.hypot(...g))
    )
    close(out.hidden.bias, [0, 0], 0)
    // The norm is that of the part.
    close(state.slow.clip.norm, [Math.hypot(...g)])
    const kept = partition({ adam: scaleByAdam(), rest: freeze }, { "": "rest", out: "adam" }).init(params)
    assert.deepStrictEqual(Object.keys(kept.adam.m), ["out"])
  })

  it("refuses labels that no part has, all at once", () => {
    const message = (build: () => unknown): ReadonlyArray<string> => {
      try {
        build()
      } catch (error) {
        if (error instanceof OptimizerError) return error.mistakes
        throw error
      }
      return assert.fail("nothing was thrown")
    }
    const parts = { fast: identity, slow: scale(0.1) }
    assert.deepStrictEqual(
      message(() => partition(parts, { "": "quick", out: "slow", hidden: "slw" } as never)),
      [
        "the whole tree has the label quick, the parts are fast, slow",
        "hidden has the label slw, the parts are fast, slow"
      ]
    )
    assert.deepStrictEqual(
      message(() => partition(parts, { out: "fast" }).init(params)),
      [
        'hidden.kernel has no label; give one to a beginning of its path, or to ""',
        'hidden.bias has no label; give one to a beginning of its path, or to ""'
      ]
    )
    assert.deepStrictEqual(
      message(() => partition(parts, ((path: string) => path) as never).init({ w: params.out })),
      ["w has the label w, the parts are fast, slow"]
    )
    assert.deepStrictEqual(
      message(() => partition({}, {})),
      ["there must be at least one part"]
    )
  })
})

describe("masked", () => {
  it("is the transform where chosen, and the identity elsewhere", () => {
    const adam = scaleByAdam()
    same(
      masked(adam, () => true),
      adam
    )
    same(
      masked(adam, () => false),
      identity
    )
    same(masked(scale(3), ["hidden"]), partition({ in: scale(3), out: identity }, { "": "out", hidden: "in" }))
    const decayed = once(masked(addDecayedWeights(0.1), (path) => path.endsWith("kernel")))
    close(decayed.hidden.bias, numbersOf(first.hidden.bias), 0)
    assert.notDeepEqual(numbersOf(decayed.hidden.kernel), numbersOf(first.hidden.kernel))
  })
})

describe("accumulate", () => {
  const mean = (part: ReadonlyArray<Params>): Params =>
    Tree.zip([part[0] ?? first, ...part.slice(1)], (leaves) =>
      T.div(leaves.reduce((a, b) => T.add(a as Tensor<[2]>, b as Tensor<[2]>)) as Tensor<[2]>, leaves.length)
    )

  it("is the inner transform of the means of groups, a short last group scaled right", () => {
    // Seven micro-batches in epochs of five: groups of 3, 2, and of the next epoch 2 that are not yet a group.
    const [out, state] = follow(accumulate(scaleByAdam(), { every: 3, epoch: 5 }))
    const groups = [gradients.slice(0, 3), gradients.slice(3, 5)].map(mean)
    const [right, inner] = follow(scaleByAdam(), groups)
    const moved = [2, 4].map((i) => out[i] ?? first)
    close(moved, numbersOf(right))
    for (const i of [0, 1, 3, 5, 6])
      close(
        out[i],
        numbersOf(first).map(() => 0),
        0
      )
    close(state.inner, numbersOf(inner))
    assert.deepStrictEqual(numbersOf([state.seen, state.place, state.updates]), [2, 2, 2])
    close(
      state.sum,
      numbersOf(mean(gradients.slice(5))).map((x) => 2 * x)
    )
  })

  it("of one is the inner transform, and schedules inside count updates", () => {
    same(accumulate(scaleByAdam(), { every: 1 }), scaleByAdam())
    const rate = scale(Schedule.exponential({ from: 1, factor: 0.5 }))
    const [out] = follow(accumulate(rate, { every: 2 }))
    close(out[1], numbersOf(mean(gradients.slice(0, 2))))
    close(
      out[3],
      numbersOf(mean(gradients.slice(2, 4))).map((x) => x / 2)
    )
  })
})

describe("skipNonFinite", () => {
  const broken: Params = { ...first, out: T.constant([Number.NaN, Infinity], "f64") }

  it("does as if a broken gradient had not been there, and counts", () => {
    const along = [gradientAt(1), broken, gradientAt(2), broken, broken, gradientAt(3)]
    const [out, state] = follow(skipNonFinite(chain({ momentum: trace(0.9) })), along)
    const [right, inner] = follow(trace(0.9), [1, 2, 3].map(gradientAt))
    close([out[0], out[2], out[5]], numbersOf(right), 0)
    for (const i of [1, 3, 4])
      close(
        out[i],
        numbersOf(first).map(() => 0),
        0
      )
    close(state.inner.momentum, numbersOf(inner), 0)
    assert.deepStrictEqual(numbersOf([state.skipped, state.consecutive, state.elements]), [3, 0, 0])
    const [, stopped] = follow(skipNonFinite(identity), [broken, broken])
    assert.deepStrictEqual(numbersOf([stopped.skipped, stopped.consecutive, stopped.elements]), [2, 2, 2])
  })

  it("lets a gradient through after so many in a row", () => {
    const [out, state] = follow(skipNonFinite(identity, { tolerance: 2 }), [broken, broken, broken, first])
    close(
      out[1],
      numbersOf(first).map(() => 0),
      0
    )
    assert.isTrue(numbersOf(out[2]).some(Number.isNaN))
    assert.deepStrictEqual(numbersOf([state.skipped, state.consecutive]), [2, 0])
  })

  it("is the inner transform for finite gradients", () => same(skipNonFinite(scaleByAdam()), scaleByAdam()))
})

describe("flushTiny", () => {
  it("leaves no denormal number in the state, and changes nothing else", () => {
    same(flushTiny(scaleByAdam()), scaleByAdam())
    const tiny = T.constant([1e-310, 1], "f64")
    const [, { m }] = flushTiny(ema(0.5)).update(
      tiny,
      { m: T.constant([1e-310, 0], "f64") },
      {
        params: tiny,
        step: T.full([], 1, "i32")
      }
    )
    assert.deepStrictEqual(numbersOf(m), [0, 0.5])
  })
})

describe("wrappers in an optimizer", () => {
  it("work together", () => {
    const optimizer = fromTransform(
      skipNonFinite(
        accumulate(
          chain({
            clip: clipByGlobalNorm(1),
            parts: partition({ adam: scaleByAdam(), frozen: freeze }, { "": "adam", out: "frozen" })
          }),
          { every: 2 }
        )
      ),
      { learningRate: 0.1 }
    )
    const state = gradients.reduce((s, g) => optimizer.step<Params>(s, g), optimizer.init(params))
    close(state.params.out, numbersOf(params.out), 0)
    assert.notDeepEqual(numbersOf(state.params.hidden), numbersOf(params.hidden))
    Tree.assertSameStructure("the state", optimizer.init(params), state)
    assert.deepStrictEqual(numbersOf(state.parts.inner.updates), [3])
  })
})
