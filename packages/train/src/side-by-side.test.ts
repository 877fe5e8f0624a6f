/** Cross-validation and sweeps: many runs, each the run one would have made alone. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Dataset, Split, Synthetic } from "@cotangent/data"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Checkpoints from "./checkpoints.ts"
import * as Trainer from "./trainer.ts"

const model = pipe(Model.input([4]), Model.dense("hidden", 6, { activation: "tanh" }), Model.dense("logits", 3))
const data = Synthetic.classification({ rows: 46, features: 4, classes: 3, seed: 5 })
const common = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 3,
  batchSize: 8,
  seed: 3
} as const

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** Stores in memory by name. */
const storesOf = () => {
  const stores = new Map<string, Checkpoints.CheckpointStore>()
  return (name: string) =>
    Effect.sync(() => {
      const found = stores.get(name) ?? Checkpoints.memory()
      stores.set(name, found)
      return found
    })
}

describe("Trainer.crossValidate", () => {
  const options = { ...common, optimizer: adam({ learningRate: 0.05 }), folds: 3 }

  it("makes the runs one would make by hand, one after another or together", async () => {
    await run(
      Effect.gen(function* () {
        const validated = yield* Trainer.crossValidate(model, options)(data)
        const byHand: Array<number> = []
        for (const [i, { train, validation }] of Split.stratifiedFolds(data, 3, 3).entries()) {
          const alone = yield* Trainer.fit(model, {
            ...common,
            optimizer: adam({ learningRate: 0.05 }),
            validationData: validation
          })(train)
          const fold = validated.folds[i]
          assert.deepStrictEqual(fold?.run, alone)
          // The last epoch's measurement of the same rows by the same weights.
          assert.closeTo(fold?.measured.loss ?? 0, alone.history.epochs.at(-1)?.valLoss ?? 1, 1e-12)
          assert.strictEqual(fold?.measured.accuracy, alone.history.epochs.at(-1)?.valAccuracy)
          byHand.push(fold?.measured.loss ?? 0)
        }
        const mean = byHand.reduce((a, b) => a + b) / 3
        assert.closeTo(validated.mean.loss, mean, 1e-12)
        const variance = byHand.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2
        assert.closeTo(validated.deviation.loss, Math.sqrt(variance), 1e-12)
        assert.match(validated.table, /^fold +loss +accuracy\n1 [^]*\nmean [^]*\ndeviation /)
        const together = yield* Trainer.crossValidate(model, { ...options, concurrency: 3 })(data)
        assert.deepStrictEqual(together, validated)
      })
    )
  })

  it("measures the loss alone where there are no metrics", async () => {
    const { metrics: _, ...bare } = options
    const validated = await run(Trainer.crossValidate(model, bare)(data))
    const measured = await run(Trainer.crossValidate(model, options)(data))
    assert.deepStrictEqual(Object.keys(validated.mean), ["loss"])
    assert.strictEqual(validated.mean.loss, measured.mean.loss)
    const none = await run(
      Effect.flip(Trainer.crossValidate(model, { ...options, metrics: null } as never)(data as never))
    )
    assert.strictEqual(none.message, "fit: metrics is no record of metrics")
  })

  it("cuts the weights of samples like the rows, and says what is wrong", async () => {
    await run(
      Effect.gen(function* () {
        const sampleWeight = Array.from({ length: 46 }, (_, i) => 1 + (i % 3))
        const [first] = (yield* Trainer.crossValidate(model, {
          ...options,
          epochs: 1,
          stratified: false,
          sampleWeight
        })(data)).folds
        const [parts] = Split.folds(data, 3, 3)
        const rows = Split.folds(Dataset.make({ x: data.y, y: data.y }), 3, 3)[0]?.train.size
        assert.strictEqual(parts?.train.size, rows)
        const plain = (yield* Trainer.crossValidate(model, { ...options, epochs: 1, stratified: false })(data)).folds[0]
        assert.notDeepEqual(first?.run.params.logits.kernel.data, plain?.run.params.logits.kernel.data)
        const tooMany = yield* Effect.flip(Trainer.crossValidate(model, { ...options, folds: 47 })(data))
        assert.include(tooMany.message, "47 folds of 46 rows")
        const short = yield* Effect.flip(
          Trainer.crossValidate(model, { ...options, sampleWeight: [1], concurrency: 0 })(data)
        )
        assert.include(short.message, "sampleWeight has 1 numbers")
        assert.include(short.message, "concurrency is 0")
      })
    )
  })
})

describe("Trainer.sweep", () => {
  const options = {
    ...common,
    validationSplit: 0.2,
    optimizers: {
      adam: (learningRate: number) => adam({ learningRate }),
      sgd: (learningRate: number) => sgd({ learningRate })
    },
    learningRates: [1e-3, 0.05, 1e39]
  } as const

  it("ranks the runs one would make alone, those that diverge last", async () => {
    await run(
      Effect.gen(function* () {
        const swept = yield* Trainer.sweep(model, options)(data)
        assert.deepStrictEqual(
          swept.trials.map(({ name }) => name),
          ["adam-0.001", "adam-0.05", "adam-1e+39", "sgd-0.001", "sgd-0.05", "sgd-1e+39"]
        )
        const alone = yield* Trainer.fit(model, {
          ...common,
          optimizer: adam({ learningRate: 0.05 }),
          validationSplit: 0.2
        })(data)
        const trial = swept.trials[1]
        assert.deepStrictEqual(trial?.history, alone.history)
        const losses = alone.history.epochs.map(({ valLoss }) => valLoss ?? 9)
        assert.strictEqual(trial?.score, Math.min(...losses))
        const ranked = swept.trials.filter(({ score }) => !Number.isNaN(score)).toSorted((a, b) => a.score - b.score)
        assert.lengthOf(ranked, 4)
        assert.strictEqual(swept.best?.name, ranked[0]?.name)
        assert.isDefined(swept.best?.weights)
        assert.strictEqual(swept.trials[5]?.stopped, "nonFinite")
        const lines = swept.table.split("\n")
        assert.match(lines[0] ?? "", /^optimizer +rate +valLoss +epoch +stopped by$/)
        assert.deepStrictEqual(
          lines.slice(1, 5).map((line) => line.split(/ +/).slice(0, 2).join("-")),
          ranked.map(({ name }) => name)
        )
        assert.lengthOf(lines, 7)
        assert.deepStrictEqual(
          swept.series.map(({ label }) => label),
          ["adam", "sgd"]
        )
        const together = yield* Trainer.sweep(model, { ...options, concurrency: 4 })(data)
        assert.deepStrictEqual(together, swept)
      })
    )
  })

  it("goes on where it was interrupted, to the same bits", async () => {
    await run(
      Effect.gen(function* () {
        const whole = yield* Trainer.sweep(model, options)(data)
        const store = storesOf()
        const reached = yield* Deferred.make<void>()
        let seen = 0
        const fiber = yield* Trainer.trials(model, { ...options, store, concurrency: 2 })(data).pipe(
          Stream.tap(() => (++seen === 2 ? Deferred.succeed(reached, undefined) : Effect.void)),
          Stream.runDrain,
          Effect.forkChild
        )
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(fiber)
        assert.isBelow(seen, 6)
        assert.deepStrictEqual(yield* Trainer.sweep(model, { ...options, store })(data), whole)
      })
    )
  })

  it("says what is no grid, when types were not looked at", async () => {
    const given = { ...common, optimizers: { adam: adam({ learningRate: 0.1 }) }, learningRates: 0.1 } as never
    const expected = [
      "fit: optimizers.adam is no function of a rate, (learningRate) => Optimizer.adam({ learningRate })",
      "fit: learningRates is missing; an array of numbers is needed"
    ]
    const swept = await run(Effect.flip(Trainer.sweep(model, given)(data as never)))
    const tried = await run(Effect.flip(Stream.runDrain(Trainer.trials(model, given)(data as never))))
    assert.deepStrictEqual([swept.message.split("\n"), tried.message.split("\n")], [expected, expected])
    const none = await run(
      Effect.flip(Trainer.sweep(model, { ...common, learningRates: [0.1] } as never)(data as never))
    )
    assert.match(none.message, /^fit: optimizers is missing; a record of functions is needed/)
  })

  it("refuses a grid that makes no sense, all of it at once", async () => {
    const wrong = { ...options, optimizers: {}, learningRates: [0.1, 0.1, -1], concurrency: 0 }
    const { message } = await run(Effect.flip(Trainer.sweep(model, wrong)(data)))
    for (const part of ["optimizers is empty", "learningRates has 0.1", "learningRates has -1", "concurrency is 0"])
      assert.include(message, part)
  })
})
