/** The five data sets, every fifth row held out, and how a small network is trained on each. */
import { Effect, pipe } from "effect"
import { type NodeServices } from "@effect/platform-node"
import {
  type Compute,
  Csv,
  type DataError,
  Dataset,
  Loss,
  Model,
  type Optimizer,
  T,
  Trainer,
  type Value,
  Values
} from "cotangent"
import { short } from "../gallery/page.ts"

type Labelled = Dataset<[number], [], "i32">
type Measured = Dataset<[number], [1], "f32">

/** A data set, and the held-out loss of a network trained on it, infinite where the run did not stay finite. */
export interface Task {
  readonly name: string
  readonly train: <R extends Optimizer.Rule>(
    optimizer: Optimizer.Optimizer<R>,
    seed: number
  ) => Effect.Effect<number, DataError | Trainer.FitFailure, Compute | NodeServices.NodeServices>
}

const heldOut = (size: number): number => Math.floor(size / 5)

/** Rows to train on first, then every fifth, which the trainer holds out. */
const arranged = <D extends Labelled | Measured>(data: D): D => {
  const rows = Array.from({ length: data.size }, (_, i) => i)
  return Dataset.take(data, [...rows.filter((i) => i % 5 !== 4), ...rows.filter((i) => i % 5 === 4)])
}

/** Columns with mean 0 and deviation 1 over the rows that are trained on. */
const standardized = (values: Value<["batch", number], "f32">): Value<["batch", number], "f32"> => {
  const x = T.fromValue(values)
  const size = values.shape[0] ?? 0
  const rows = T.slice(x, [{ end: size - heldOut(size) }])
  return T.evaluate(T.div(T.sub(x, T.mean(rows, { axis: 0 })), T.std(rows, { axis: 0 })))
}

const prepared = <D extends Labelled | Measured>(data: D): D => {
  const rows = arranged(data)
  return { ...rows, x: standardized(rows.x) }
}

const network = <N extends number>(features: number, outputs: N) =>
  pipe(Model.input([features]), Model.dense("hidden", 32, { activation: "relu" }), Model.dense("out", outputs))

const options = (size: number) => ({
  epochs: short ? 3 : 20,
  batchSize: 16,
  // Half a row less, so that rounding cannot hold out another one.
  validationSplit: (heldOut(size) - 0.5) / size
})

interface Finished {
  readonly history: { readonly epochs: ReadonlyArray<{ readonly valLoss?: number }> }
}

/** The held-out loss after the last epoch. */
const lastLoss = <R>(run: Effect.Effect<Finished, DataError | Trainer.FitFailure, R>) =>
  run.pipe(
    Effect.map(({ history }) => history.epochs.at(-1)?.valLoss ?? Infinity),
    Effect.catchTag("NonFiniteError", () => Effect.succeed(Infinity))
  )

const classification = <E extends DataError, R extends NodeServices.NodeServices>(
  name: string,
  read: Effect.Effect<Labelled, E, R>,
  classes: number
): Task => ({
  name,
  train: (optimizer, seed) =>
    Effect.gen(function* () {
      const data = yield* read
      const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
      const model = network(data.inputShape[0], classes)
      return yield* Trainer.fit(model, { ...options(data.size), loss, optimizer, seed })(data)
    }).pipe(lastLoss)
})

const regression = <E extends DataError, R extends NodeServices.NodeServices>(
  name: string,
  read: Effect.Effect<Measured, E, R>
): Task => ({
  name,
  train: (optimizer, seed) =>
    Effect.gen(function* () {
      const data = yield* read
      const loss = Loss.meanSquaredError
      const model = network(data.inputShape[0], 1)
      const scaled = { ...data, y: standardized(data.y) }
      return yield* Trainer.fit(model, { ...options(data.size), loss, optimizer, seed })(scaled)
    }).pipe(lastLoss)
})

const folder = "examples/optimizers/data"

const breastCancer = Csv.read(`${folder}/breast-cancer.csv.gz`, {
  label: "diagnosis",
  classes: ["malignant", "benign"],
  features: 30
})

const diabetes = Effect.map(Csv.read(`${folder}/diabetes.csv`, { target: "progression", features: 10 }), ({ x, y }) =>
  Dataset.make({ x, y: Values.of(y.data, [y.data.length, 1], "f32") })
)

/** The five; the pixels of digits are between 0 and 1 already. */
export const tasks: ReadonlyArray<Task> = [
  classification("digits", Effect.map(Dataset.digits, arranged), 10),
  classification("iris", Effect.map(Dataset.iris, prepared), 3),
  classification("wine", Effect.map(Dataset.wine, prepared), 3),
  classification("breast cancer", Effect.map(breastCancer, prepared), 2),
  regression("diabetes", Effect.map(diabetes, prepared))
]
