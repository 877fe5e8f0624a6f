/** The run of the guide: its model, its options, and its two plots. */
import { Console, Effect, Path, pipe, Stream } from "effect"
import { Dataset, Files, type History, Loss, Metrics, Model, Optimizer, Trainer, Viz } from "cotangent"

/** Rows of 20 numbers, each with one of 10 classes. */
export type Table = Dataset<[20], [], "i32">

/** The guide's network: 20 -> 64 relu -> 10 logits, one for each class. */
const model = pipe(Model.input([20]), Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 10))

/**
 * Trains the guide's network as the guide does: Adam, batches of 32, the last fifth of the rows held out. The loss takes
 * logits, which is the softmax of the guide's last layer and its cross-entropy in one.
 */
const events = (epochs: number) =>
  Trainer.events(model, {
    loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
    optimizer: Optimizer.adam({ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
    metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
    epochs,
    batchSize: 32,
    validationSplit: 0.2,
    seed: 42
  })

const cell = (value: number | undefined, width: number): string => (value ?? Number.NaN).toFixed(4).padStart(width)

/** Trains and prints a line per epoch, or, where there are many, one in every `every`. */
export const train = (data: Table, { epochs, every = 1 }: { readonly epochs: number; readonly every?: number }) =>
  Effect.gen(function* () {
    yield* Console.log("epoch    loss  accuracy  val_loss  val_accuracy")
    const last = yield* events(epochs)(data).pipe(
      Stream.tap((event) => {
        if (event._tag !== "Epoch" || event.record.epoch % every !== 0) return Effect.void
        const { epoch, loss, accuracy, valLoss, valAccuracy } = event.record
        return Console.log(
          `${epoch}`.padStart(5) + cell(loss, 8) + cell(accuracy, 10) + cell(valLoss, 10) + cell(valAccuracy, 14)
        )
      }),
      Stream.runLast
    )
    if (last._tag === "None" || last.value._tag !== "Done") return yield* Effect.die("a run ends with Done")
    return last.value.run.history
  })

/** The guide's two plots, `loss.png` and `accuracy.png`, in `out/adam-guide`; `prefix` stands before the names. */
export const plot = (history: History<"accuracy">, prefix = "") =>
  Effect.gen(function* () {
    const { join } = yield* Path.Path
    const folder = join("out", "adam-guide")
    yield* Files.prepareFolder(folder)
    const draw = (name: "loss" | "accuracy", validation: "valLoss" | "valAccuracy") =>
      Viz.lines({
        title: `Model ${name}`,
        xTitle: "epoch",
        yTitle: name,
        width: 720,
        height: 480,
        series: [
          { label: "training", points: history.epochs.map((record) => [record.epoch, record[name]]) },
          {
            label: "validation",
            points: history.epochs.map((record) => [record.epoch, record[validation] ?? Number.NaN])
          }
        ]
      }).writePng(join(folder, `${prefix}${name}.png`))
    yield* draw("loss", "valLoss")
    yield* draw("accuracy", "valAccuracy")
    yield* Console.log(`Wrote ${join(folder, `${prefix}loss.png`)} and ${join(folder, `${prefix}accuracy.png`)}`)
  })

/** `0.12345` as `12.3 %`. */
export const percent = (share: number | undefined): string => `${((share ?? Number.NaN) * 100).toFixed(1)} %`
