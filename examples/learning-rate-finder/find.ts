/** A learning rate for a small network on the digits: the range test, its picture, and a run at what it suggests. */
import { Console, Effect, Path, pipe } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Dataset, Files, Loss, Metrics, Model, Optimizer, Trainer, Viz } from "cotangent"

const model = pipe(Model.input([64]), Model.dense("hidden", 32, { activation: "relu" }), Model.dense("logits", 10))
const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const common = { loss, batchSize: 32, seed: 42 }

const program = Effect.gen(function* () {
  const digits = yield* Dataset.digits
  const found = yield* Trainer.findRate(model, {
    ...common,
    optimizer: Optimizer.adam(),
    from: 1e-6,
    to: 10,
    steps: 150
  })(digits)
  const { suggestion = found.beforeMinimum } = found
  yield* Console.log(
    `${found.points.length} rates tried; the loss falls fastest at ${suggestion.toPrecision(3)}, a tenth of the lowest is ${found.beforeMinimum.toPrecision(3)}`
  )
  for (const learningRate of [suggestion / 100, suggestion, suggestion * 100]) {
    const run = yield* Trainer.fit(model, {
      ...common,
      optimizer: Optimizer.adam({ learningRate }),
      metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
      epochs: 3,
      validationSplit: 0.2
    })(digits)
    const end = run.history.epochs.at(-1)
    yield* Console.log(
      `3 epochs at ${learningRate.toPrecision(3)}: loss ${end?.loss.toFixed(3)}, held-out accuracy ${end?.valAccuracy?.toFixed(3)}`
    )
  }
  const { join } = yield* Path.Path
  const folder = join("out", "learning-rate-finder")
  yield* Files.prepareFolder(folder)
  yield* Viz.rates(found, { title: "Digits, Adam: loss over learning rate" }).writePng(join(folder, "rates.png"))
  yield* Console.log(`Wrote ${join(folder, "rates.png")}`)
})

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
