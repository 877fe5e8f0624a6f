/** A run that the test of kills starts in a process of its own: `node killed.test.support.ts FOLDER EPOCHS EVERY_STEPS`. */
import { fileURLToPath } from "node:url"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Synthetic } from "@cotangent/data"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Checkpoints from "./checkpoints.ts"
import * as Trainer from "./trainer.ts"

const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 6, { activation: "tanh" }),
  Model.dropout(0.25),
  Model.dense("logits", 3)
)
const data = Synthetic.classification({ rows: 45, features: 4, classes: 3, seed: 5 })

/** The events of the run, with checkpoints or without. */
export const events = (epochs: number, store?: Checkpoints.CheckpointStore, everySteps = 1) =>
  Trainer.events(model, {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: adam({ learningRate: 0.05 }),
    metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
    epochs,
    batchSize: 4,
    validationSplit: 0.2,
    seed: 3,
    earlyStopping: { patience: 1e6 },
    ...(store === undefined ? {} : { checkpoints: { store, everySteps, resume: true } })
  })(data)

const [folder = "", epochs = "1", everySteps = "1"] = process.argv.slice(2)

if (process.argv[1] === fileURLToPath(import.meta.url))
  Effect.gen(function* () {
    const store = yield* Checkpoints.folder(folder)
    yield* Stream.runForEach(events(Number(epochs), store, Number(everySteps)), ({ _tag }) =>
      _tag === "Saved" || _tag === "Started" ? Console.log(_tag) : Effect.void
    )
  }).pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
