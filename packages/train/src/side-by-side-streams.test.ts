/** Cross-validation, sweeps and the learning-rate finder on a stream: what they are on the data set of the same rows. */
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import { type Dataset, DataStream, Synthetic } from "@cotangent/data"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import type { RowStream } from "./source.ts"
import * as Trainer from "./trainer.ts"

const model = pipe(Model.input([4]), Model.dense("hidden", 6, { activation: "tanh" }), Model.dense("logits", 3))
const rows = 46
const data = Synthetic.classification({ rows, features: 4, classes: 3, seed: 5 })
const common = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 3,
  batchSize: 8,
  seed: 3
} as const
const optimizer = adam({ learningRate: 0.05 })
const sampleWeight = Array.from({ length: rows }, (_, i) => 1 + (i % 3))

class Lost extends Data.TaggedError("Lost")<{ readonly what: string }> {}

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** The data in chunks, with or without a word about its size; counts the rows that are read. */
const streamOf = (chunkSize: number, sized = true) => {
  const read = { rows: 0, passes: 0 }
  const { size, ...stream } = DataStream.fromDataset(data, chunkSize)
  const chunks = Stream.suspend(() => {
    read.passes++
    // Chunks of a data set in memory do not fail.
    return Stream.tap(Stream.orDie(stream.chunks), (chunk) => Effect.sync(() => void (read.rows += chunk.size)))
  })
  const source: RowStream<[4], [], "i32"> = { ...stream, chunks, ...(sized && size !== undefined ? { size } : {}) }
  return { read, source }
}

const broken: RowStream<[4], [], "i32", Lost> = {
  ...streamOf(7).source,
  chunks: Stream.concat(Stream.take(streamOf(7).source.chunks, 2), Stream.fail(new Lost({ what: "the third chunk" })))
}

describe("on a stream, Trainer.crossValidate", () => {
  const options = { ...common, optimizer, folds: 3 }

  it("has the folds of the data set that are not stratified, bit for bit where a window holds all rows", async () => {
    await run(
      Effect.gen(function* () {
        for (const more of [{}, { sampleWeight }]) {
          const whole = yield* Trainer.crossValidate(model, { ...options, ...more, stratified: false })(data)
          for (const [chunkSize, sized] of [
            [7, true],
            [1, false],
            [1000, true]
          ] as const) {
            const streamed = yield* Trainer.crossValidate(model, { ...options, ...more, window: 48 })(
              streamOf(chunkSize, sized).source
            )
            assert.deepStrictEqual(streamed, whole)
          }
        }
      })
    )
  })

  it("trains in windows, whatever the chunks and however many at once", async () => {
    await run(
      Effect.gen(function* () {
        const windowed = { ...options, window: 16 }
        const one = yield* Trainer.crossValidate(model, windowed)(streamOf(5).source)
        const other = yield* Trainer.crossValidate(model, { ...windowed, concurrency: 3, prefetch: 0 })(
          streamOf(9).source
        )
        assert.deepStrictEqual(other, one)
        assert.isTrue(one.folds.every(({ measured }) => measured.loss > 0 && Number.isFinite(measured.loss)))
      })
    )
  })

  it("says what a stream cannot do, what is wrong with it, and fails as it does", async () => {
    await run(
      Effect.gen(function* () {
        const { source } = streamOf(7)
        const problems = (effect: Effect.Effect<unknown, { readonly message: string }, Compute>) =>
          Effect.map(Effect.flip(effect), ({ message }) => message)
        assert.strictEqual(
          yield* problems(Trainer.crossValidate(model, { ...options, stratified: true })(source)),
          "fit: stratified folds need the labels of all rows at once; a stream has folds by the numbers of its rows: leave stratified out"
        )
        assert.include(
          yield* problems(Trainer.crossValidate(model, { ...options, folds: 47 })(source)),
          "47 folds of 46 rows"
        )
        assert.include(
          yield* problems(Trainer.crossValidate(model, options)({ ...source, size: 60 })),
          "every pass must give the same rows"
        )
        const validated = Trainer.crossValidate(model, options)(broken)
        expectTypeOf<Lost>().toExtend<Effect.Error<typeof validated>>()
        assert.deepStrictEqual(yield* Effect.flip(validated), new Lost({ what: "the third chunk" }))
        const sound = Trainer.crossValidate(model, options)(source)
        expectTypeOf<Lost>().not.toExtend<Effect.Error<typeof sound>>()
      })
    )
  })
})

describe("on a stream, Trainer.sweep", () => {
  const options = {
    ...common,
    validationData: Synthetic.classification({ rows: 20, features: 4, classes: 3, seed: 6 }),
    optimizers: {
      adam: (learningRate: number) => adam({ learningRate }),
      sgd: (learningRate: number) => sgd({ learningRate })
    },
    learningRates: [1e-3, 0.05, 1e39]
  } as const

  it("makes the trials of the data set, bit for bit where a window holds all rows", async () => {
    await run(
      Effect.gen(function* () {
        const whole = yield* Trainer.sweep(model, options)(data)
        const streamed = yield* Trainer.sweep(model, { ...options, window: 48 })(streamOf(7, false).source)
        assert.deepStrictEqual(streamed, whole)
        const windows = yield* Trainer.sweep(model, { ...options, window: 16, concurrency: 3 })(streamOf(7).source)
        const alone = yield* Trainer.fit(model, {
          ...common,
          validationData: options.validationData,
          optimizer: adam({ learningRate: 0.05 }),
          window: 16
        })(streamOf(11).source)
        assert.deepStrictEqual(windows.trials[1]?.history, alone.history)
        assert.strictEqual(windows.trials[5]?.stopped, "nonFinite")
      })
    )
  })

  it("fails as the stream does, as do its trials one by one", async () => {
    await run(
      Effect.gen(function* () {
        const swept = Trainer.sweep(model, options)(broken)
        expectTypeOf<Lost>().toExtend<Effect.Error<typeof swept>>()
        assert.deepStrictEqual(yield* Effect.flip(swept), new Lost({ what: "the third chunk" }))
        const trials = Stream.runDrain(Trainer.trials(model, options)(broken))
        assert.deepStrictEqual(yield* Effect.flip(trials), new Lost({ what: "the third chunk" }))
      })
    )
  })
})

describe("on a stream, Trainer.findRate", () => {
  const options = { loss: common.loss, optimizer, batchSize: 8, seed: 3, from: 1e-3, to: 1, steps: 17 }

  it("finds what it finds on the data set, bit for bit where a window holds all rows", async () => {
    await run(
      Effect.gen(function* () {
        const whole = yield* Trainer.findRate(model, options)(data)
        for (const sized of [true, false])
          assert.deepStrictEqual(
            yield* Trainer.findRate(model, { ...options, window: 48 })(streamOf(7, sized).source),
            whole
          )
        // Rows that are not mixed come in the same batches, whatever the window.
        const ordered = yield* Trainer.findRate(model, { ...options, shuffle: false })(data)
        for (const window of [8, 16, 40])
          assert.deepStrictEqual(
            yield* Trainer.findRate(model, { ...options, shuffle: false, window })(streamOf(5).source),
            ordered
          )
      })
    )
  })

  it("reads the windows that its rates need, and fails as the stream does", async () => {
    await run(
      Effect.gen(function* () {
        const { read, source } = streamOf(4)
        yield* Trainer.findRate(model, { ...options, steps: 3, window: 8, prefetch: 0 })(source)
        assert.deepStrictEqual(read, { rows: 24, passes: 1 })
        const found = Trainer.findRate(model, { ...options, window: 8 })(broken)
        expectTypeOf<Lost>().toExtend<Effect.Error<typeof found>>()
        assert.deepStrictEqual(yield* Effect.flip(found), new Lost({ what: "the third chunk" }))
        const wrong = yield* Effect.flip(Trainer.findRate(model, { ...options, window: 9 })(source))
        assert.strictEqual(wrong.message, "fit: window is 9 and batchSize 8; a window is a whole number of batches")
      })
    )
  })

  it("takes rows that fit the model, in memory or not", () => {
    const wide: Dataset<[5], [], "i32"> = Synthetic.classification({ rows: 9, features: 5, classes: 3, seed: 1 })
    // @ts-expect-error the model takes [4] per sample, the data has [5]
    const find = () => Trainer.findRate(model, options)(DataStream.fromDataset(wide))
    assert.isFunction(find)
  })
})
