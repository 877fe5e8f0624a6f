/** The experiment that a table makes without a file of code: a multi-layer perceptron with Adam. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { pipe } from "effect/Function"
import { Csv, DataError, Dataset, Permutation } from "@cotangent/data"
import { Loss, Metrics, Model } from "@cotangent/nn"
import * as Optimizer from "@cotangent/optim"
import { Experiment } from "@cotangent/train"
import { usage, UsageError } from "./exit-code.ts"

/** What can be said about a table and its perceptron. */
export interface TableOptions {
  readonly label?: string
  readonly classes?: string
  readonly epochs?: number
  readonly batchSize?: number
  readonly hidden?: number
  readonly learningRate?: number
  readonly validationSplit?: number
  readonly seed?: number
}

/** What holds unless it is said. */
export const tableDefaults = {
  label: "-1",
  epochs: 40,
  batchSize: 32,
  hidden: 64,
  learningRate: 1e-3,
  validationSplit: 0.2,
  seed: 42
} as const satisfies Omit<Required<TableOptions>, "classes">

const builtin = { digits: Dataset.digits, iris: Dataset.iris, wine: Dataset.wine } as const

/** Whether a name is that of a table that comes with the package. */
export const isBuiltin = (name: string): name is "digits" | "iris" | "wine" => Object.hasOwn(builtin, name)

/** The names of the tables that come with the package. */
export const builtinNames: ReadonlyArray<string> = Object.keys(builtin)

/** What a reader says of names in the first line as an option, said as the flag, and first: the other problems follow from it. */
const withFlags = (error: DataError): DataError => {
  const header = error.problems.find(({ sentence }) => sentence.includes("`header: true`"))
  return header === undefined
    ? error
    : new DataError({
        source: error.source,
        kind: error.kind,
        problems: [
          {
            ...header,
            sentence:
              "this line looks like the names of the columns; if it is, say which one holds the class by its name, --label NAME"
          },
          ...error.problems.filter((problem) => problem !== header)
        ]
      })
}

const readData = (data: string, { label, classes }: Pick<TableOptions, "label" | "classes">) => {
  if (isBuiltin(data)) {
    const given = Object.entries({ label, classes }).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    return given.length === 0
      ? builtin[data]
      : Effect.fail(
          new UsageError({ problems: given.map((name) => `--${name} is for a CSV file; ${data} has its own`) })
        )
  }
  const named = label ?? tableDefaults.label
  const column = /^-?\d+$/.test(named) ? Number(named) : named
  if (classes === undefined)
    return Effect.flatMap(FileSystem.FileSystem, (fs) =>
      Effect.flatMap(
        Effect.orElseSucceed(fs.exists(data), () => false),
        (exists) => {
          const names = builtinNames.join(", ")
          return Effect.fail(
            usage(
              exists
                ? `${data} is not one of ${names}; for a CSV file, say how many classes it has with --classes`
                : `${data} is not one of ${names}, and there is no such file; check the path, which is relative to where the command was started`
            )
          )
        }
      )
    )
  return Csv.read(data, { label: column, classes: /^\d+$/.test(classes) ? Number(classes) : classes.split(",") }).pipe(
    Effect.mapError(withFlags)
  )
}

/** The experiment of a table, and what its file of weights says about it. */
export const tableExperiment = (data: string, options: TableOptions = {}) =>
  Effect.gen(function* () {
    const { hidden, learningRate, seed, ...fit } = { ...tableDefaults, ...options }
    const table = yield* readData(data, options)
    // The last rows of a file are often of another kind (other writers in the digits): rows are mixed once, by the seed.
    const mixed = Dataset.take(table, Permutation.of(seed, 0, table.size))
    const classCount = table.classNames?.length ?? 2
    const experiment = Experiment.make({
      name: table.name,
      model: pipe(
        Model.input([...table.inputShape]),
        Model.dense("hidden", hidden, { activation: "relu" }),
        Model.dense("logits", classCount)
      ),
      data: Effect.succeed(mixed),
      fit: {
        loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
        optimizer: Optimizer.adam({ learningRate, beta1: 0.9, beta2: 0.999 }),
        metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
        epochs: fit.epochs,
        batchSize: fit.batchSize,
        validationSplit: fit.validationSplit,
        seed
      }
    })
    return {
      experiment,
      metadata: { model: `dense ${hidden} relu, dense ${classCount}, softmax`, data: table.name, seed: String(seed) }
    }
  })
