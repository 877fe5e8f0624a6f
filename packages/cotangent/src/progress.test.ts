import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { TrainEvent } from "@cotangent/train"
import { epochRow, heading, recordText, show } from "./progress.ts"
import type { Report } from "./report.ts"

const record = { epoch: 2, loss: 0.5, accuracy: 0.25, valLoss: 1, valAccuracy: 0.125 }

/** A report that remembers what it was told. */
const remembering = (): Report & { readonly told: ReadonlyArray<readonly [string, string]> } => {
  const told: Array<readonly [string, string]> = []
  const remember = (kind: string) => (text: string) => Effect.sync(() => void told.push([kind, text]))
  return {
    mode: "text",
    animated: false,
    told,
    say: remember("say"),
    note: remember("note"),
    event: ({ event }) => remember("event")(event),
    answer: ({ text }) => remember("answer")(text)
  }
}

describe("what a run shows", () => {
  it("is a table with a column for everything an epoch measures", () => {
    assert.strictEqual(heading(record), "   epoch      loss  accuracy  val_loss  val_accuracy   samples/s")
    assert.strictEqual(
      epochRow({ record, samplesPerSecond: 12_345.6 }, 30),
      "    2/30    0.5000    0.2500    1.0000        0.1250      12,346"
    )
    const few = { epoch: 1, loss: Number.NaN }
    assert.strictEqual(heading(few), "   epoch      loss   samples/s")
    assert.strictEqual(epochRow({ record: few, samplesPerSecond: 1 }, 1), "     1/1       NaN           1")
    assert.strictEqual(recordText(record), "loss 0.5000, accuracy 0.2500, val_loss 1.000, val_accuracy 0.1250")
  })

  it.effect("is a line every ten seconds where no line can move, and the heading once", () =>
    Effect.gen(function* () {
      const started: TrainEvent<string> = {
        _tag: "Started",
        summary: { rows: [], parameters: 0, state: 0, flops: 0, activations: 0, text: "the model" },
        // What a step costs is printed and nothing else.
        cost: { kernels: 1, flops: 1, bytes: 1024, scratchBytes: 1024 } as never,
        trainSize: 80,
        validationSize: 20,
        stepsPerEpoch: 8,
        epochs: 2,
        history: [],
        step: 0
      }
      const progress = (epoch: number, step: number): TrainEvent<string> => ({
        _tag: "Progress",
        epoch,
        step,
        steps: 8,
        loss: 0.5
      })
      const epoch = (n: number): TrainEvent<string> => ({
        _tag: "Epoch",
        record: { epoch: n, loss: 0.5 },
        learningRate: 1,
        samplesPerSecond: 1,
        seconds: 1
      })
      const events = [started, progress(1, 2), progress(1, 4), epoch(1), progress(2, 4), epoch(2)]
      const report = remembering()
      const fiber = yield* Effect.forkChild(
        Stream.fromIterable<TrainEvent<string>>(events).pipe(
          show(report, 10),
          Stream.tap(() => Effect.sleep("6 seconds")),
          Stream.runDrain
        )
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const told = report.told.filter(([kind]) => kind !== "event")
      assert.deepStrictEqual(
        told.map(([kind]) => kind),
        ["say", "note", "say", "note", "say"]
      )
      assert.include(told[0]?.[1], "Training on 80 samples, validating on 20: 2 epochs of 8 steps")
      // 4 steps of 10 samples in 12 s, 12 steps to go.
      assert.strictEqual(told[1]?.[1], "epoch 1/2, 25 %, 3 samples/s, 36 s left, loss 0.5000")
      assert.match(told[2]?.[1] ?? "", /^ +epoch +loss +samples\/s\n +1\/2/)
      assert.match(told[4]?.[1] ?? "", /^ +2\/2/)
      assert.deepStrictEqual(
        report.told.flatMap(([kind, text]) => (kind === "event" ? [text] : [])),
        ["started", "progress", "progress", "epoch", "progress", "epoch"]
      )
    })
  )
})
