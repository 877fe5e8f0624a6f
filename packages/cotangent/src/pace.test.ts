import { assert, describe, it } from "@effect/vitest"
import type { TrainEvent } from "@cotangent/train"
import { advance, begin, durationText, paceLine, paceParts, speedText } from "./pace.ts"
import { sparkline } from "./sparkline.ts"

const started = (step: number): Extract<TrainEvent<string>, { readonly _tag: "Started" }> => ({
  _tag: "Started",
  // What a pace does not look at.
  summary: { rows: [], parameters: 0, state: 0, flops: 0, activations: 0, text: "" },
  cost: { kernels: 1, flops: 1, bytes: 1, scratchBytes: 1 } as never,
  trainSize: 100,
  validationSize: 0,
  stepsPerEpoch: 10,
  epochs: 4,
  history: [],
  step
})
const progress = (epoch: number, step: number, loss: number) =>
  ({ _tag: "Progress", epoch, step, steps: 10, loss }) as const

describe("the pace of a run", () => {
  it("is what was done since it started, and what is left at that pace", () => {
    const pace = advance(begin(started(0), 10, 1000), progress(2, 10, 0.5), 3000)
    // 20 steps of 10 samples in 2 s, 20 steps to go.
    assert.strictEqual(pace.samplesPerSecond, 100)
    assert.strictEqual(pace.secondsLeft, 2)
    assert.strictEqual(paceLine(pace), "epoch 2/4, 50 %, 100 samples/s, 2 s left, loss 0.5000")
  })

  it("of a resumed run does not count what was done before", () => {
    const pace = advance(begin(started(20), 10, 0), progress(3, 5, 0.5), 1000)
    assert.strictEqual(pace.samplesPerSecond, 50)
    assert.strictEqual(pace.secondsLeft, 3)
  })

  it("knows nothing at first, and is not negative after a run was rolled back", () => {
    const first = begin(started(20), 10, 0)
    assert.strictEqual(paceLine(first), "epoch 3/4, 50 %, - samples/s, some time left, loss NaN")
    const back = advance(first, progress(2, 1, 0.5), 1000)
    assert.strictEqual(back.samplesPerSecond, 0)
    assert.strictEqual(paceParts(back).left, "some time")
  })

  it("remembers losses of the whole run, however long it is", () => {
    let pace = begin(started(0), 10, 0)
    for (let i = 1; i <= 1000; i++) pace = advance(pace, progress(1, 1, 1000 - i), i)
    assert.isAtMost(pace.losses.length, 64)
    assert.strictEqual(pace.losses[0], 999)
    assert.isBelow(pace.losses.at(-1) ?? 999, 50)
    for (let i = 1; i < pace.losses.length; i++)
      assert.strictEqual((pace.losses[0] ?? 0) - (pace.losses[i] ?? 0), i * pace.stride)
  })

  it("is told as people tell it", () => {
    assert.deepStrictEqual([0, 59.4, 59.6, 185, 3600, 7620, 90_000, Number.NaN].map(durationText), [
      "0 s",
      "59 s",
      "1 min 00 s",
      "3 min 05 s",
      "1 h 00 min",
      "2 h 07 min",
      "1 d 01 h",
      "some time"
    ])
    assert.deepStrictEqual([12_345.6, 0, Number.NaN].map(speedText), ["12,300", "0", "-"])
  })
})

describe("a sparkline", () => {
  it("goes from the smallest to the largest", () => {
    assert.strictEqual(sparkline([-1, 0, 1, 2, 3, 4, 5, 6]), "▁▂▃▄▅▆▇█")
    assert.strictEqual(sparkline([1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7].toReversed()), "█▇▆▅▄▃▂▁")
  })

  it("has no more than its width, and a dot for what is not finite", () => {
    assert.lengthOf(sparkline(Array.from({ length: 1000 }, (_, i) => i + 1)), 24)
    assert.strictEqual(sparkline([1, Number.NaN, 2, Number.POSITIVE_INFINITY]), "▁·█·")
    assert.strictEqual(sparkline([3, 3]), "▁▁")
    assert.strictEqual(sparkline([]), "")
    assert.strictEqual(sparkline([0, 0]), "▁▁")
  })
})
