/** A convolutional network tells ten kinds of clothing apart: Fashion-MNIST. */
import { Console, Effect, FileSystem, Path, pipe } from "effect"
import { Compute, Dataset, Idx, Loss, Metrics, Model, Optimizer, T, Trainer, Viz } from "cotangent"
import { argument, forSeeds, judge, picture, short, show } from "../gallery/page.ts"

const kinds = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]

/** Where Debian's package dataset-fashion-mnist puts the files; a short run reads a few images that come along. */
const folder = argument ?? (short ? "examples/fashion-mnist-cnn/sample" : "/usr/share/datasets/fashion-mnist")

/** How many images are trained on and tested with: a sixth of the first, all of the second. */
const [trained, tested] = short ? [240, 120] : [10_000, 10_000]

const model = pipe(
  Model.input([28, 28, 1]),
  Model.conv2d("first", 16, 3, { padding: "same", activation: "relu" }),
  Model.maxPool2d(),
  Model.conv2d("second", 32, 3, { padding: "same", activation: "relu" }),
  Model.maxPool2d(),
  Model.flatten,
  Model.dense("hidden", 64, { activation: "relu" }),
  Model.dense("logits", kinds.length)
)

/** The first images of a part of the data set, 0 for white and 1 for black. */
const part = (name: string, count: number) =>
  Effect.gen(function* () {
    const { join } = yield* Path.Path
    const file = (what: string) => join(folder, `${name}-${what}-ubyte.gz`)
    const images = yield* Idx.dataset(file("images-idx3"), file("labels-idx1"), { classes: kinds, channel: true })
    return Dataset.slice(images, 0, count)
  })
type Clothing = Effect.Success<ReturnType<typeof part>>

const train = (images: Clothing, test: Clothing) => (seed: number) =>
  Trainer.fit(model, {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: Optimizer.adam({ learningRate: 2e-3, epsilon: 1e-8 }),
    metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
    epochs: 5,
    batchSize: 32,
    validationData: test,
    seed
  })(images)
type Run = Effect.Success<ReturnType<ReturnType<typeof train>>>

const accuracy = ({ history }: Run): number => history.epochs.at(-1)?.valAccuracy ?? 0

/** Sixteen of the first images of the test that a trained network takes for something else. */
const mistakes = (images: Clothing, { params, modelState }: Run) =>
  Effect.gen(function* () {
    const test = Dataset.slice(images, 0, 500)
    const { y } = model.apply(T.fromValues(params), T.fromValues(modelState), T.fromValue(test.x), Model.evaluate)
    const said = yield* Compute.eval(T.argmax(y))
    return Array.from(test.y.data, (kind, i) => ({ kind, i, said: said.data[i] ?? 0 }))
      .filter(({ kind, said }) => kind !== said)
      .slice(0, 16)
      .map(({ kind, i, said }) => ({
        caption: `${kinds[kind]}, not ${kinds[said]}`,
        pixels: test.x.data.subarray(784 * i, 784 * (i + 1)),
        width: 28,
        height: 28
      }))
  })

show(
  Effect.gen(function* () {
    const { exists } = yield* FileSystem.FileSystem
    if (!(yield* exists(folder)))
      return yield* Console.log(
        `There is no Fashion-MNIST in ${folder}. Debian has it: apt-get install dataset-fashion-mnist; or name a folder that has its four idx.gz files.`
      )
    const images = yield* part("train", trained)
    const test = yield* part("t10k", tested)
    const runs = yield* forSeeds(train(images, test), (run) => `test accuracy ${accuracy(run).toFixed(4)}`)
    for (const run of runs.slice(0, 1))
      yield* picture(
        "fashion-mnist-cnn",
        Viz.images({
          title: "What the network takes for something else",
          columns: 8,
          images: yield* mistakes(test, run)
        })
      )
    yield* judge({ what: "test accuracy", values: runs.map(accuracy), atLeast: short ? 0.4 : 0.867 })
  })
)
