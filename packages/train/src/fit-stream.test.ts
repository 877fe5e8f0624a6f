import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import { Dataset, DataStream, Synthetic } from "@cotangent/data"
import { Values } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import { Trainer } from "./index.ts"

const data = Synthetic.classification({ rows: 150, features: 4, classes: 3, seed: 1 })
const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 8, { activation: "relu" }),
  Model.dropout(0.2),
  Model.batchNorm("norm"),
  Model.dense("logits", 3)
)
const options = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  optimizer: adam({ learningRate: 0.01 }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 3,
  batchSize: 32,
  seed: 5
}

describe("fitStream", () => {
  it.effect("gives the bits of fit on the same batches, whatever the chunks, a short last batch included", () =>
    Effect.gen(function* () {
      const validationData = Dataset.slice(data, 0, 40)
      const whole = yield* Trainer.fit(model, { ...options, validationData, shuffle: false })(data)
      for (const chunkSize of [7, 150]) {
        const stream = DataStream.fromDataset(data, chunkSize)
        const run = yield* Trainer.fitStream(model, { ...options, validationData, shuffleBuffer: 0 })(stream)
        assert.deepStrictEqual(run.history, whole.history)
        assert.deepStrictEqual(run.params, whole.params)
        assert.deepStrictEqual(run.modelState, whole.modelState)
        assert.deepStrictEqual(run.optimizerState, whole.optimizerState)
      }
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("mixes by the seed; a stream of unknown size leaves a short last batch out", () =>
    Effect.gen(function* () {
      const { size: _, ...unknown } = DataStream.fromDataset(data, 10)
      const run = (seed: number) => Trainer.fitStream(model, { ...options, seed, shuffleBuffer: 50 })(unknown)
      const once = yield* run(1)
      assert.deepStrictEqual(yield* run(1), once)
      assert.notDeepEqual((yield* run(2)).history, once.history)
      assert.strictEqual(Values.item(once.optimizerState.step), 3 * 4)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("says what is wrong with the stream", () =>
    Effect.gen(function* () {
      const stream = DataStream.fromDataset(data, 50)
      const none = { ...stream, chunks: Stream.empty }
      assert.match((yield* Effect.flip(Trainer.fitStream(model, options)(none))).message, /the data has no samples/)
      const broken = DataStream.mapChunks(stream, (chunk) => Dataset.mapInputs(chunk, (x) => (x > 0.995 ? NaN : x)))
      const error = yield* Effect.flip(Trainer.fitStream(model, { ...options, shuffleBuffer: 0 })(broken))
      assert.match(error.message, /of the data holds NaN; every number must be finite/)
      const wide = DataStream.fromDataset(Synthetic.classification({ rows: 9, features: 5, classes: 3, seed: 1 }))
      // @ts-expect-error: the model takes [4] per sample
      const wrong = Trainer.fitStream(model, options)(wide)
      assert.match((yield* Effect.flip(wrong)).message, /the model takes \[4\] per sample, the data has \[5\]/)
      const huge = { ...options, optimizer: sgd({ learningRate: 1e30 }) }
      const lost = yield* Effect.flip(Trainer.fitStream(model, huge)(stream))
      assert.strictEqual(lost._tag, "NonFiniteError")
      assert.match(lost.message, /the loss of epoch \d is NaN|Infinity/)
      const found = yield* Effect.flip(Trainer.fitStream(model, { ...huge, debug: true })(stream))
      assert.match(found.message, /epoch 1: /)
      const bad = Trainer.fitStream(model, { ...options, prefetch: -1 })(stream)
      assert.match((yield* Effect.flip(bad)).message, /`prefetch` is -1/)
    }).pipe(Effect.provide(Compute.layer))
  )
})
