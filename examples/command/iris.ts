/** Which of three species an iris belongs to, by four lengths: the experiment of docs/guides/command.md. */
import { Effect, pipe } from "effect"
import { Dataset, Experiment, Loss, Metrics, Model, Optimizer, Permutation, Split } from "cotangent"

export const model = pipe(
  Model.input([4]),
  Model.batchNorm("scale", { momentum: 0.9 }),
  Model.dense("hidden", 16, { activation: "tanh" }),
  Model.dense("species", 3)
)

/** The rows are sorted by species: they are mixed, and every species has its share of what is kept for the end. */
const parts = Effect.map(Dataset.iris, (iris) =>
  Split.stratified(Dataset.take(iris, Permutation.of(1, 0, iris.size)), 0.2, 1)
)

export default Experiment.make({
  model,
  data: Effect.map(parts, ({ train }) => train),
  test: Effect.map(parts, ({ validation }) => validation),
  fit: {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: Optimizer.adam({ learningRate: 0.01 }),
    metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
    epochs: 30,
    batchSize: 16,
    validationSplit: 0.2,
    seed: 1
  }
})
