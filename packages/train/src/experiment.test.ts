import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Dataset, Synthetic } from "@cotangent/data"
import { Loss, Metrics, Model } from "@cotangent/nn"
import * as Optimizer from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Callback from "./callbacks.ts"
import * as Checkpoints from "./checkpoints.ts"
import { ExperimentError, FitError } from "./errors.ts"
import * as Experiment from "./experiment.ts"
import * as Trainer from "./trainer.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute | NodeServices.NodeServices>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, [Compute.layer, NodeServices.layer]))

const model = pipe(Model.input([4]), Model.batchNorm("norm"), Model.dense("logits", 3))
const data = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
const fit = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  optimizer: Optimizer.adam({ learningRate: 0.01 }),
  metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
  epochs: 3,
  batchSize: 16,
  validationSplit: 0.2,
  seed: 1
}
const experiment = Experiment.make({ model, data: Effect.succeed(data), fit })

const trained = (one: Experiment.Experiment, overrides: Experiment.Overrides = {}) =>
  Effect.map(Stream.runLast(Experiment.events(one, overrides)(data)), (last) =>
    last._tag === "Some" && last.value._tag === "Done" ? last.value.run : assert.fail("the run ends")
  )

describe("an experiment", () => {
  it("trains, measures and predicts as the trainer does", async () => {
    const here = await run(trained(experiment))
    const there = await run(Trainer.fit(model, fit)(data))
    assert.deepStrictEqual(here.history, there.history)
    assert.deepStrictEqual(here.params, there.params)
    const { train, validation } = await run(Experiment.parts(experiment)(data))
    assert.deepStrictEqual([train.size, validation?.size], [72, 18])
    const measured = await run(Experiment.evaluate(experiment)(here)(validation ?? train))
    assert.strictEqual(measured["loss"], here.history.epochs.at(-1)?.valLoss)
    const outputs = await run(Experiment.predict(experiment)(here)(data.x))
    assert.deepStrictEqual(outputs, await run(Trainer.predict(model)(there)(data.x)))
  })

  it("is run with other numbers, and its settings say so", async () => {
    const longer = await run(trained(experiment, { epochs: 4, seed: 2 }))
    assert.strictEqual(longer.history.epochs.length, 4)
    const settings = await run(Experiment.settings(experiment, { seed: 2, batchSize: 8 })(data))
    assert.deepInclude(settings, { seed: 2, batchSize: 8, stepsPerEpoch: 9, loss: fit.loss.name })
    const wrong = await run(Effect.flip(Experiment.settings(experiment, { batchSize: 0 })(data)))
    assert.instanceOf(wrong, FitError)
  })

  it("finds a rate on what it trains on, not on what it holds out", async () => {
    const range = { from: 1e-4, to: 1, steps: 20 }
    const found = await run(Experiment.findRate(experiment, range)(data))
    const { loss, optimizer, batchSize, seed } = fit
    const train = Dataset.slice(data, 0, 72)
    assert.deepStrictEqual(
      found,
      await run(Trainer.findRate(model, { loss, optimizer, batchSize, seed, ...range })(train))
    )
  })

  it("is swept, keeps the best weights although its callbacks do so too, and tells of each trial", async () => {
    const keeps = Experiment.make({
      model,
      data: Effect.succeed(data),
      fit: { ...fit, callbacks: [Callback.keepBest()] }
    })
    const told: Array<string> = []
    const swept = await run(
      Experiment.sweep(keeps, {
        optimizers: { adam: (learningRate) => Optimizer.adam({ learningRate }) },
        learningRates: [0.001, 0.1],
        epochs: 2,
        store: () => Effect.succeed(Checkpoints.memory()),
        onTrial: ({ name }) => Effect.sync(() => told.push(name))
      })(data)
    )
    assert.deepStrictEqual(told, ["adam-0.001", "adam-0.1"])
    assert.strictEqual(swept.best?.name, "adam-0.1")
    assert.deepStrictEqual(
      swept.trials.map(({ history }) => history.epochs.length),
      [2, 2]
    )
  })

  it("is known by a mark, whoever made it", () => {
    assert.isTrue(Experiment.isExperiment(experiment))
    assert.isTrue(Experiment.isExperiment({ ...experiment }))
    for (const other of [undefined, null, 1, {}, { model, data, fit }]) assert.isFalse(Experiment.isExperiment(other))
  })
})

describe("a definition that nobody has checked", () => {
  const problems = (definition: unknown): ReadonlyArray<string> => {
    try {
      // What a file that only had its types stripped may hand over.
      Experiment.make(definition as never)
    } catch (error) {
      if (error instanceof ExperimentError) return error.problems
      throw error
    }
    return []
  }

  it("is told everything that is wrong with it", () => {
    assert.deepStrictEqual(problems(undefined), ["a record with model, data and fit is needed"])
    assert.lengthOf(problems({}), 6)
    assert.match(problems({ model, data, fit }).join(), /^data is no Effect of a data set/)
    assert.deepStrictEqual(
      problems({
        model,
        data: Effect.succeed(data),
        fit: { ...fit, metrics: { accuracy: 1 }, checkpoints: {} },
        optimizers: { mine: Optimizer.adam() }
      }),
      [
        "fit.metrics.accuracy is no metric; see Metrics",
        "fit has checkpoints or initialEpoch, which are for who starts a run",
        "optimizers.mine is no function of a learning rate"
      ]
    )
  })

  it("may have data that are none", async () => {
    const empty = Experiment.make({ model, data: Effect.succeed([1, 2]) as never, fit })
    const error = await run(Effect.flip(empty.data))
    assert.instanceOf(error, ExperimentError)
  })

  it("does not compile", () => {
    const five = Model.dense("logits", 3)(Model.input([5]))
    const kept = { ...fit, checkpoints: { store: Checkpoints.memory() } }
    const wrong = () => [
      // @ts-expect-error the model takes [5] per sample, the data has [4]
      Experiment.make({ model: five, data: Effect.succeed(data), fit }),
      // @ts-expect-error checkpoints go where the run is kept
      Experiment.make({ model, data: Effect.succeed(data), fit: kept })
    ]
    assert.isFunction(wrong)
  })
})
