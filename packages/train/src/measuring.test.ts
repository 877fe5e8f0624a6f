/** Evaluation and prediction against the model applied by the interpreter. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Synthetic } from "@cotangent/data"
import { T, Values } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Trainer from "./trainer.ts"

const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 6, { activation: "tanh" }),
  Model.batchNorm("norm"),
  Model.dropout(0.25),
  Model.dense("logits", 3)
)
const data = Synthetic.classification({ rows: 29, features: 4, classes: 3, seed: 5 })
const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const metrics = { accuracy: Metrics.sparseCategoricalAccuracy }
const trained = Trainer.fit(model, { loss, metrics, optimizer: adam({ learningRate: 0.05 }), epochs: 2, seed: 1 })(data)

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

describe("Trainer.predict", () => {
  it("is the model applied, for any number of rows and any batch", async () => {
    await run(
      Effect.gen(function* () {
        const weights = yield* trained
        const { y } = model.apply(
          T.fromValues(weights.params),
          T.fromValues(weights.modelState),
          T.fromValue(data.x),
          Model.evaluate
        )
        const wanted = T.evaluate(y).data
        for (const batchSize of [1, 7, 29, 512]) {
          const predicted = yield* Trainer.predict(model, { batchSize })(weights)(data.x)
          assert.deepStrictEqual(predicted.shape.map(Number), [29, 3])
          predicted.data.forEach((x, i) => assert.closeTo(x, wanted[i] ?? 9, 1e-5))
        }
      })
    )
  })

  it("says what is wrong with its rows", async () => {
    await run(
      Effect.gen(function* () {
        const weights = yield* trained
        const three = Values.of(new Float32Array(6), [2, 3], "f32")
        const { message } = yield* Effect.flip(Trainer.predict(model, { batchSize: 0 })(weights)(three))
        assert.include(message, "the model takes [4] per sample, got [3]")
        assert.include(message, "batchSize is 0")
      })
    )
  })
})

describe("Trainer.evaluate", () => {
  it("is the mean over the rows, whatever the batch, as a run measures its validation data", async () => {
    await run(
      Effect.gen(function* () {
        const weights = yield* trained
        const predicted = yield* Trainer.predict(model)(weights)(data.x)
        const logits = Array.from({ length: 29 }, (_, i) => Array.from(predicted.data.subarray(3 * i, 3 * i + 3)))
        const losses = logits.map((row, i) => {
          const top = Math.max(...row)
          return top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) - (row[data.y.data[i] ?? 0] ?? 0)
        })
        const right = logits.filter((row, i) => row.indexOf(Math.max(...row)) === data.y.data[i]).length
        for (const batchSize of [1, 8, 29, 100]) {
          const measured = yield* Trainer.evaluate(model, { loss, metrics, batchSize })(weights)(data)
          assert.closeTo(measured.loss, losses.reduce((a, b) => a + b) / 29, 1e-6)
          assert.closeTo(measured.accuracy, right / 29, 1e-12)
        }
        const sampleWeight = losses.map((_, i) => i % 4)
        const weighted = yield* Trainer.evaluate(model, { loss, sampleWeight, batchSize: 8 })(weights)(data)
        assert.closeTo(weighted.loss, losses.reduce((sum, x, i) => sum + x * (i % 4), 0) / 29, 1e-6)
      })
    )
  })

  it("says what is wrong with data and weights of samples", async () => {
    await run(
      Effect.gen(function* () {
        const weights = yield* trained
        const wrong = Trainer.evaluate(model, { loss, batchSize: 1.5, sampleWeight: [1] })(weights)(data)
        const { message } = yield* Effect.flip(wrong)
        assert.include(message, "batchSize is 1.5")
        assert.include(message, "sampleWeight has 1 numbers, the data has 29 samples")
        const y = data.y.data.slice()
        y[28] = -1
        const labels = Trainer.evaluate(model, { loss, sampleWeight: y })(weights)({
          ...data,
          y: { ...data.y, data: y }
        })
        const sentences = (yield* Effect.flip(labels)).message
        assert.include(sentences, "in the target of sample 28, -1 is not a class from 0 to 2")
        assert.include(sentences, "sampleWeight 28 is -1; a finite number of 0 or more is needed")
        const without = yield* Effect.flip(Trainer.evaluate(model, { loss })(undefined as never)(data))
        assert.include(without.message, "the weights have no params and modelState")
      })
    )
  })
})
