/** An experiment whose loss does not stay finite. */
import { pipe } from "effect/Function"
import * as Effect from "effect/Effect"
import { Dataset, Experiment, Loss, Model, Optimizer } from "./index.ts"

export default Experiment.make({
  name: "diverging",
  model: pipe(Model.input([2]), Model.dense("out", 1)),
  data: Effect.succeed(
    Dataset.regression({
      inputShape: [2],
      rows: [
        [1, 2],
        [3, 4],
        [5, 6]
      ],
      targets: [[1], [2], [3]],
      targetShape: [1]
    })
  ),
  fit: {
    loss: Loss.meanSquaredError,
    optimizer: Optimizer.gradientDescent({ learningRate: 1e5 }),
    epochs: 30,
    batchSize: 1
  }
})
