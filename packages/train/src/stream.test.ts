/** Training on a stream: the run of a data set where the window holds all rows, and a run of its own where it does not. */
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import { type DataError, Dataset, DataStream, Permutation, Synthetic } from "@cotangent/data"
import { Tree, type Value } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Callback from "./callbacks.ts"
import * as Checkpoints from "./checkpoints.ts"
import * as Trainer from "./fit.ts"
import type { RowStream } from "./source.ts"

const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 6, { activation: "tanh" }),
  Model.batchNorm("norm"),
  Model.dropout(0.25),
  Model.dense("logits", 3)
)
const rows = 45
const data = Synthetic.classification({ rows, features: 4, classes: 3, seed: 5 })
const held = Synthetic.classification({ rows: 20, features: 4, classes: 3, seed: 6 })
const common = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  optimizer: adam({ learningRate: 0.05 }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 4,
  batchSize: 4,
  validationData: held,
  seed: 3
} as const
type Options = Parameters<
  typeof Trainer.fit<["batch", 4], ["batch", 3], {}, {}, "labels", never, typeof common.metrics>
>[1]
type More = Partial<Omit<Options, "loss" | "optimizer" | "metrics" | "from">>

const variants: Readonly<Record<string, More>> = {
  plain: {},
  "not shuffled": { shuffle: false },
  accumulating: { accumulate: 3 },
  "in epochs of their own length": { stepsPerEpoch: 7 },
  "deciding and weighing": {
    callbacks: [Callback.plateau({ patience: 1, factor: 0.5 })],
    classWeight: { 0: 2 },
    sampleWeight: Array.from({ length: rows }, (_, i) => 0.5 + (i % 3)),
    recovery: {}
  }
}

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** The data in chunks, with or without a word about its size. */
const streamOf = (chunkSize: number, sized = true): RowStream<[4], [], "i32"> => {
  const { size, ...stream } = DataStream.fromDataset(data, chunkSize)
  // Chunks of a data set in memory do not fail.
  const chunks = Stream.orDie(stream.chunks)
  return { ...stream, chunks, ...(sized && size !== undefined ? { size } : {}) }
}

const fit = (source: typeof data | RowStream<[4], [], "i32">, more: More = {}) =>
  Trainer.fit(model, { ...common, ...more })(source)

const everything = (trained: Effect.Success<ReturnType<typeof fit>>) => ({
  bits: Tree.entries<Value>({
    params: trained.params,
    state: trained.modelState,
    optimizer: trained.optimizerState
  }).map(({ path, leaf }) => [path, new Uint8Array(leaf.data.buffer, leaf.data.byteOffset, leaf.data.byteLength)]),
  history: trained.history,
  stopped: trained.stopped
})

describe("a stream whose window holds all rows", () => {
  for (const [name, more] of Object.entries(variants))
    it(`trains as the data set, bit for bit: ${name}`, async () => {
      await run(
        Effect.gen(function* () {
          const whole = everything(yield* fit(data, more))
          for (const [chunkSize, sized, window, prefetch] of [
            [7, true, 48, 2],
            [1, false, 1000, 0],
            [1000, true, undefined, 5]
          ] as const) {
            const options = { ...more, prefetch, ...(window === undefined ? {} : { window }) }
            assert.deepStrictEqual(everything(yield* fit(streamOf(chunkSize, sized), options)), whole)
          }
        })
      )
    })
})

describe("a stream in windows", () => {
  it("trains on the batches that its windows are cut into, each row once in a pass, whatever the chunks", async () => {
    const sums = pipe(Model.input([4]), Model.dense("out", 1), Model.reshape([]))
    // Rows of which each has one number that is not 0, and a rate that makes the kernel count rows, not learn.
    const size = 22
    const numbered = Dataset.regression({
      inputShape: [4],
      rows: Array.from({ length: size }, (_, i) => [i + 1, 1, i % 2, 0]),
      targets: Array.from({ length: size }, (_, i) => i)
    })
    const options = { loss: Loss.mse, optimizer: sgd({ learningRate: 0.01 }), epochs: 3, batchSize: 4, seed: 9 }
    await run(
      Effect.gen(function* () {
        for (const shuffle of [true, false]) {
          // By hand: the same rows in the same order as a data set that is not shuffled, a pass as an epoch of its own.
          const orderOf = (pass: number) =>
            [0, 8, 16].flatMap((start, place) => {
              const inWindow = Math.min(8, size - start)
              const order = shuffle
                ? Permutation.of(9, 3 * pass + place + 1, inWindow)
                : Int32Array.from({ length: inWindow }, (_, i) => i)
              return Array.from(order, (i) => start + i)
            })
          let byHand = yield* Trainer.fit(sums, { ...options, epochs: 1, shuffle: false })(
            Dataset.take(numbered, orderOf(0))
          )
          const losses = byHand.history.epochs.map(({ loss }) => loss)
          for (const pass of [1, 2]) {
            byHand = yield* Trainer.fit(sums, { ...options, epochs: 1, shuffle: false, from: byHand })(
              Dataset.take(numbered, orderOf(pass))
            )
            losses.push(...byHand.history.epochs.map(({ loss }) => loss))
          }
          for (const chunkSize of [1, 3, 8, 11, 100]) {
            const stream = DataStream.fromDataset(numbered, chunkSize)
            const streamed = yield* Trainer.fit(sums, { ...options, shuffle, window: 8 })(stream)
            assert.deepStrictEqual(streamed.params, byHand.params)
            assert.deepStrictEqual(
              streamed.history.epochs.map(({ loss }) => loss),
              losses
            )
          }
        }
      })
    )
  })

  for (const [name, more] of Object.entries(variants))
    it(`gives the same bits twice, and when it stops and goes on: ${name}`, async () => {
      await run(
        Effect.gen(function* () {
          const options = { ...more, window: 12 }
          const whole = everything(yield* fit(streamOf(7), options))
          assert.deepStrictEqual(everything(yield* fit(streamOf(10, false), { ...options, prefetch: 0 })), whole)
          for (const at of process.env["COTANGENT_DEEP"] === undefined
            ? [1, 13, 24]
            : Array.from({ length: 4 * (more.stepsPerEpoch ?? 12) }, (_, i) => i + 1)) {
            const store = Checkpoints.memory()
            const reached = yield* Deferred.make<void>()
            let saves = 0
            // The store waits at a step until the run is interrupted, and takes the checkpoint that this writes.
            const waiting: Checkpoints.CheckpointStore = {
              latest: store.latest,
              save: (checkpoint) =>
                ++saves === at
                  ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
                  : saves > at
                    ? store.save(checkpoint)
                    : Effect.void
            }
            const checkpoints = { store: waiting, everySteps: 1 }
            const fiber = yield* Effect.forkChild(fit(streamOf(7), { ...options, checkpoints }))
            yield* Effect.race(Deferred.await(reached), Fiber.await(fiber))
            yield* Fiber.interrupt(fiber)
            assert.isDefined(yield* store.latest)
            const resumed = yield* fit(streamOf(5), { ...options, checkpoints: { store, resume: true } })
            assert.deepStrictEqual(everything(resumed), whole, `at save ${at}`)
          }
        })
      )
    })

  it("goes back to the rows it had before a jump of the loss", async () => {
    const reckless = Callback.make<null>({
      name: "reckless",
      initial: null,
      onEpoch: (state, { record }) => [state, record.epoch === 2 ? [Callback.setLearningRate(1e30)] : []]
    })
    // Epochs of 7 steps end in the middle of windows of 3 steps, and the loss jumps some windows later.
    const more = { stepsPerEpoch: 7, callbacks: [reckless], recovery: { rateFactor: 1e-32 } }
    await run(
      Effect.gen(function* () {
        const streamed = yield* fit(streamOf(7), { ...more, window: 12, shuffle: false })
        const whole = yield* fit(data, { ...more, shuffle: false })
        assert.deepStrictEqual(everything(streamed), everything(whole))
        assert.strictEqual(streamed.history.epochs.length, 4)
      })
    )
  })

  it("is read as it is needed, once in every pass, and closed at the end of a pass or of the run", async () => {
    await run(
      Effect.gen(function* () {
        let [opened, closed, chunks] = [0, 0, 0]
        const watched: RowStream<[4], [], "i32"> = {
          ...streamOf(5),
          chunks: Stream.unwrap(
            Effect.as(
              Effect.acquireRelease(
                Effect.sync(() => opened++),
                () => Effect.sync(() => closed++)
              ),
              Stream.tap(streamOf(5).chunks, () => Effect.sync(() => chunks++))
            )
          )
        }
        yield* fit(watched, { window: 12 })
        assert.deepStrictEqual([opened, closed, chunks], [4, 4, 36])

        const store = Checkpoints.memory()
        yield* Trainer.events(model, { ...common, window: 12, epochs: 1000, stepsPerEpoch: 2, checkpoints: { store } })(
          watched
        ).pipe(
          Stream.takeUntil(({ _tag }) => _tag === "Epoch"),
          Stream.runDrain
        )
        assert.isAtLeast(opened, 5)
        assert.strictEqual(closed, opened)
        const { made, free } = (yield* Compute).engine.pool.statistics()
        assert.strictEqual(made, free)

        const fiber = yield* Effect.forkChild(fit({ ...watched, chunks: Stream.concat(watched.chunks, Stream.never) }))
        while (opened === closed) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(closed, opened)
      })
    )
  })
})

class Unplugged extends Data.TaggedError("Unplugged")<{ readonly cable: string }> {}

describe("a stream that does not fit", () => {
  const sentence = (effect: Effect.Effect<unknown, Error, Compute>) =>
    run(Effect.map(Effect.flip(effect), ({ message }) => message))

  it("fails the run with its own error, wherever it comes", async () => {
    for (const after of [0, 1, 7])
      for (const sized of [true, false]) {
        const stream = streamOf(5, sized)
        const chunks = Stream.concat(Stream.take(stream.chunks, after), Stream.fail(new Unplugged({ cable: "blue" })))
        const error = await run(Effect.flip(Trainer.fit(model, { ...common, window: 12 })({ ...stream, chunks })))
        assert.strictEqual(error._tag, "Unplugged")
      }
  })

  it("has its errors and what it needs in the type of the run", () => {
    const described = Trainer.fit(model, common)
    const wired = {
      ...streamOf(5),
      chunks: Stream.concat(streamOf(5).chunks, Stream.fail(new Unplugged({ cable: "" })))
    }
    const plain = described(data)
    const failing = described(wired)
    const needing = described(
      // A value of the type is never looked at.
      undefined as unknown as DataStream.DataStream<[4], [], "i32", "f32", FileSystem.FileSystem>
    )
    expectTypeOf<Effect.Error<typeof plain>>().toEqualTypeOf<Trainer.FitFailure>()
    expectTypeOf<Effect.Services<typeof plain>>().toEqualTypeOf<Compute>()
    expectTypeOf<Effect.Error<typeof failing>>().toEqualTypeOf<Trainer.FitFailure | Unplugged>()
    expectTypeOf<Effect.Error<typeof needing>>().toEqualTypeOf<Trainer.FitFailure | DataError>()
    expectTypeOf<Effect.Services<typeof needing>>().toEqualTypeOf<Compute | FileSystem.FileSystem>()
    const wide = DataStream.fromDataset(Synthetic.classification({ rows: 10, features: 5, classes: 3, seed: 1 }))
    // @ts-expect-error the model takes [4] per sample, the data has [5]
    void Trainer.fit(pipe(Model.input([4]), Model.dense("logits", 3)), common)(wide)
  })

  it("is refused before it is read, with everything that is wrong", async () => {
    const stream = { ...streamOf(5), inputShape: [5] as [number] as [4], size: 1.5 }
    const message = await sentence(
      Trainer.fit(model, {
        ...common,
        window: 10,
        prefetch: -1,
        validationSplit: 0.2,
        sampleWeight: [1]
      })({ ...stream, chunks: Stream.die("it was read") })
    )
    for (const part of [
      "window is 10 and batchSize 4; a window is a whole number of batches",
      "prefetch is -1; a whole number of 0 or more is needed",
      "validationSplit needs rows in memory; hold rows of the stream out as validationData",
      "the size of the stream is 1.5; a whole number is needed",
      "the model takes [4] per sample, the stream has [5]",
      "sampleWeight has 1 numbers, the data has 1.5 samples"
    ])
      assert.include(message, part)
    assert.include(
      await sentence(fit(data, { window: 8, prefetch: 1 })),
      "window is 8; it is for streams, and a data set is in memory as a whole"
    )
  })

  it("is refused when it has no rows, other rows than it said, or rows of another shape", async () => {
    const stream = streamOf(5)
    const empty = { ...streamOf(5, false), chunks: Stream.empty }
    assert.strictEqual(await sentence(fit(empty)), "fit: the stream has no rows")
    assert.strictEqual(await sentence(fit({ ...empty, size: 0 })), "fit: the stream has no rows")
    const otherwise = (found: string) =>
      `a pass over synthetic has 45 rows, this one has ${found}; every pass must give the same rows`
    for (const window of [8, 1000]) {
      assert.include(
        await sentence(fit({ ...stream, chunks: Stream.take(stream.chunks, 8) }, { window })),
        otherwise("40").replace("synthetic", stream.name)
      )
      assert.include(
        await sentence(fit({ ...stream, chunks: Stream.concat(stream.chunks, stream.chunks) }, { window })),
        otherwise("more").replace("synthetic", stream.name)
      )
    }
    const wide = Synthetic.classification({ rows: 5, features: 3, classes: 3, seed: 1 })
    const mixed = Stream.concat(
      Stream.take(stream.chunks, 2),
      Stream.make(wide as Dataset<[number], [], "i32"> as typeof data)
    )
    assert.include(
      await sentence(fit({ ...stream, chunks: mixed }, { window: 8 })),
      "the rows from 10 on are f32[3] with targets i32[], those of the stream f32[4] with targets i32[]"
    )
  })

  it("is refused at a number that is not finite and a label that is no class, by the number of the row", async () => {
    const stream = streamOf(5)
    const changed = (change: (chunk: typeof data) => void) => ({
      ...stream,
      chunks: Stream.map(stream.chunks, (chunk) => {
        const copy = Dataset.take(
          chunk,
          Int32Array.from({ length: chunk.size }, (_, i) => i)
        )
        change(copy as typeof data)
        return copy
      })
    })
    const infinite = changed(({ x }) => {
      if (x.data[0] === data.x.data[4 * 30]) x.data[4 * 3 + 1] = Number.POSITIVE_INFINITY
    })
    assert.include(await sentence(fit(infinite, { window: 8 })), "sample 33 of the data holds Infinity")
    const unknown = changed(({ x, y }) => {
      if (x.data[0] === data.x.data[4 * 30]) y.data[2] = 7
    })
    assert.match(await sentence(fit(unknown, { window: 8 })), /sample 32, 7 is not a class from 0 to 2/)
  })

  it("is another run than that of other windows, weights or a data set, when it goes on", async () => {
    await run(
      Effect.gen(function* () {
        const store = Checkpoints.memory()
        yield* fit(streamOf(5), { window: 12, epochs: 1, checkpoints: { store } })
        const checkpoints = { store, resume: true }
        for (const [source, more] of [
          [streamOf(5), { window: 16 }],
          [streamOf(5), { window: 12, classWeight: { 1: 3 } }],
          [data, {}]
        ] as const) {
          const error = yield* Effect.flip(fit(source, { ...more, checkpoints }))
          assert.strictEqual(error._tag, "ResumeError")
          assert.match(error.message, /trainData is .* in the checkpoint/)
        }
        assert.isFalse((yield* Effect.exit(fit(streamOf(5), { window: 12, checkpoints })))._tag === "Failure")
      })
    )
  })
})
