/** `cotangent train`: trains a multi-layer perceptron on a table and leaves history, charts and weights in a folder. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Argument, Command, Flag } from "effect/cli"
import { Csv, Dataset, Permutation } from "@cotangent/data"
import { Loss, Metrics, Model } from "@cotangent/nn"
import * as Optimizer from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import { Artifact } from "@cotangent/serve"
import { Checkpoints, encodeHistory, Files, type History, Trainer } from "@cotangent/train"
import { Viz } from "@cotangent/viz"
import { show } from "./progress.ts"

const positive = Schema.Int.check(Schema.isGreaterThan(0))

const options = {
  data: Argument.String("data").pipe(
    Argument.withDescription(
      "digits, iris, wine, or a CSV file (may be gzipped) with numbers and a class per row; numbers are used as they are, so bring columns to similar sizes first (wine's are not)"
    )
  ),
  label: Flag.String("label").pipe(
    Flag.withDescription("the CSV column that holds the class: a name or a number, -1 is the last"),
    Flag.withDefault("-1")
  ),
  classes: Flag.String("classes").pipe(
    Flag.withDescription("the number of classes in a CSV file, or their names separated by commas"),
    Flag.optional
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription("the folder for history.json, history.svg, history.png and model.safetensors"),
    Flag.withDefault("out")
  ),
  epochs: Flag.Int("epochs").pipe(Flag.withSchema(positive), Flag.withDefault(40)),
  batchSize: Flag.Int("batch-size").pipe(Flag.withSchema(positive), Flag.withDefault(32)),
  hidden: Flag.Int("hidden").pipe(
    Flag.withDescription("units of the hidden layer"),
    Flag.withSchema(positive),
    Flag.withDefault(64)
  ),
  learningRate: Flag.Finite("learning-rate").pipe(
    Flag.withSchema(Schema.Finite.check(Schema.isGreaterThan(0))),
    Flag.withDefault(1e-3)
  ),
  validationSplit: Flag.Finite("validation-split").pipe(
    Flag.withDescription("the share of rows that is measured and not trained on"),
    Flag.withDefault(0.2)
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("decides weights and the order of rows; equal seeds give equal files"),
    Flag.withDefault(42)
  ),
  checkpoints: Flag.String("checkpoints").pipe(
    Flag.withDescription(
      "a folder for checkpoints, one after each epoch and one at Ctrl-C; a run that was stopped goes on from there, to the same files"
    ),
    Flag.optional
  ),
  mode: Flag.Literals("mode", ["wide", "narrow", "js"]).pipe(
    Flag.withDescription(
      "wide: 256-bit vectors where this Node has them; narrow: 128-bit; js: without WebAssembly. The results are the same bits"
    ),
    Flag.withDefault("wide")
  )
}

const layers = { wide: Compute.wide, narrow: Compute.layer, js: Compute.javascript } as const

const builtin = { digits: Dataset.digits, iris: Dataset.iris, wine: Dataset.wine } as const
const isBuiltin = (name: string): name is keyof typeof builtin => name in builtin

const readData = (data: string, label: string, classes: Option.Option<string>) => {
  if (isBuiltin(data)) return builtin[data]
  const column = /^-?\d+$/.test(label) ? Number(label) : label
  const text = Option.getOrElse(classes, () => "")
  if (text === "")
    return Effect.fail(
      new Files.FileError({
        path: data,
        message: `${data} is not one of ${Object.keys(builtin).join(", ")}; for a CSV file, say how many classes it has with --classes`
      })
    )
  return Csv.read(data, { label: column, classes: /^\d+$/.test(text) ? Number(text) : text.split(",") })
}

const writeResults = (out: string, history: History<"accuracy">, artifact: Artifact.Artifact) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const chart = Viz.history(history)
    const text = new TextEncoder()
    yield* Files.writeAtomic(path.join(out, "history.json"), text.encode(encodeHistory(history)))
    yield* Files.writeAtomic(path.join(out, "model.safetensors"), Artifact.encode(artifact))
    yield* chart.writeSvg(path.join(out, "history.svg"))
    yield* chart.writePng(path.join(out, "history.png"))
    yield* Console.log(`\nWrote history.json, history.svg, history.png and model.safetensors in ${out}`)
  })

/** The command. */
export const train = Command.make(
  "train",
  options,
  Effect.fnUntraced(
    function* ({
      data,
      label,
      classes,
      out,
      epochs,
      batchSize,
      hidden,
      learningRate,
      validationSplit,
      seed,
      checkpoints
    }) {
      yield* Files.prepareFolder(out)
      const store = Option.isSome(checkpoints) ? yield* Checkpoints.folder(checkpoints.value) : undefined
      const table = yield* readData(data, label, classes)
      // The last rows of a file are often of another kind (other writers in the digits): rows are mixed once, by the seed.
      const mixed = Dataset.take(table, Permutation.of(seed, 0, table.size))
      const classCount = table.classNames?.length ?? 2
      const model = pipe(
        Model.input([...table.inputShape]),
        Model.dense("hidden", hidden, { activation: "relu" }),
        Model.dense("logits", classCount)
      )
      const events = Trainer.events(model, {
        loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
        optimizer: Optimizer.adam({ learningRate, beta1: 0.9, beta2: 0.999 }),
        metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
        epochs,
        batchSize,
        validationSplit,
        seed,
        ...(store === undefined ? {} : { checkpoints: { store, resume: true } })
      })(mixed)
      const last = yield* show(events, process.stdout.isTTY === true).pipe(Stream.runLast)
      const done = Option.getOrUndefined(last)
      if (done?._tag !== "Done") return
      const { history } = done.run
      // Served, it puts out probabilities.
      const labels = table.classNames ?? []
      const artifact = Artifact.make(pipe(model, Model.softmax), done.run, {
        name: table.name,
        ...(labels.length === classCount && classCount > 1 ? { labels } : {}),
        metadata: { model: `dense ${hidden} relu, dense ${classCount}, softmax`, data: table.name, seed: String(seed) }
      })
      yield* writeResults(out, history, artifact)
      const best = history.epochs.at(-1)
      yield* Console.log(`Validation accuracy ${((best?.valAccuracy ?? Number.NaN) * 100).toFixed(1)} %`)
    },
    (effect, { mode, checkpoints }) =>
      Effect.provide(effect, layers[mode]).pipe(
        Effect.onInterrupt(() =>
          Console.error(
            `\nStopped between two steps; ${Option.match(checkpoints, {
              onNone: () => "nothing was written.",
              onSome: (folder) => `the same command goes on from the checkpoint in ${folder}.`
            })}`
          )
        )
      )
  )
).pipe(Command.withDescription("Train a multi-layer perceptron with Adam on a table of numbers"))
