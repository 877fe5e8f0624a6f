/** A small convolutional network reads handwritten digits of people it has not met. */
import { Effect, pipe } from "effect"
import { Compute, Dataset, Loss, Metrics, Model, Optimizer, Split, T, Trainer, Viz } from "cotangent"
import { forSeeds, judge, picture, short, show } from "../gallery/page.ts"

/** Two convolutions of 3 by 3, each followed by a pooling that halves the image, and a dense layer. */
const model = pipe(
  Model.input([64]),
  Model.reshape([8, 8, 1]),
  Model.conv2d("first", 16, 3, { padding: "same", activation: "relu" }),
  Model.maxPool2d(),
  Model.conv2d("second", 32, 3, { padding: "same", activation: "relu" }),
  Model.maxPool2d(),
  Model.flatten,
  Model.dense("logits", 10)
)

/**
 * The file is in the order in which people wrote, so the last fifth, which is held out, is of people whose writing the
 * network has not seen.
 */
const heldOut = 0.2

const train = (seed: number) =>
  Effect.flatMap(
    Dataset.digits,
    Trainer.fit(model, {
      loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
      optimizer: Optimizer.adam({ learningRate: 2e-3 }),
      metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
      epochs: short ? 4 : 30,
      batchSize: 32,
      validationSplit: heldOut,
      seed
    })
  )
type Run = Effect.Success<ReturnType<typeof train>>

const accuracy = ({ history }: Run): number => history.epochs.at(-1)?.valAccuracy ?? 0

/** The held-out digits that a trained network reads wrongly, at most twenty. */
const mistakes = ({ params, modelState }: Run) =>
  Effect.gen(function* () {
    const { validation } = Split.validation(yield* Dataset.digits, heldOut)
    const { y } = model.apply(T.fromValues(params), T.fromValues(modelState), T.fromValue(validation.x), Model.evaluate)
    const said = yield* Compute.eval(T.argmax(y))
    return Array.from(validation.y.data, (digit, i) => ({ digit, i, said: said.data[i] }))
      .filter(({ digit, said }) => digit !== said)
      .slice(0, 20)
      .map(({ digit, i, said }) => ({
        caption: `${digit}, read ${said}`,
        pixels: validation.x.data.subarray(64 * i, 64 * (i + 1)),
        width: 8,
        height: 8
      }))
  })

show(
  Effect.gen(function* () {
    const runs = yield* forSeeds(train, (run) => `held-out accuracy ${accuracy(run).toFixed(4)}`)
    const [first] = runs
    if (first !== undefined)
      yield* picture(
        "digits-cnn",
        Viz.images({ title: "Digits the network reads wrongly", images: yield* mistakes(first) })
      )
    yield* judge({ what: "held-out accuracy", values: runs.map(accuracy), atLeast: short ? 0.8 : 0.929 })
  })
)
