/** `cotangent train`: a run of an experiment, or of a perceptron on a table. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Argument, Command, Flag } from "effect/cli"
import { computeLayers, modeFlag } from "./compute-flag.ts"
import { UsageError } from "./exit-code.ts"
import { isExperimentFile } from "./experiment-file.ts"
import { reportFlags, reporting } from "./report.ts"
import { tableDefaults } from "./table-experiment.ts"
import { trainExperiment } from "./train-experiment.ts"
import { trainTable } from "./train-table.ts"

const positive = Schema.Int.check(Schema.isGreaterThan(0))

const options = {
  what: Argument.String("experiment").pipe(
    Argument.withDescription(
      "FILE.ts, a file whose default export is an experiment; or a table for a perceptron: digits, iris, wine, or a CSV file (may be gzipped) with numbers and a class per row, the numbers used as they are"
    )
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription("the folder of the run: runs/NAME for FILE.ts, out for a table"),
    Flag.optional
  ),
  resume: Flag.Boolean("resume").pipe(
    Flag.withDescription(
      "of FILE.ts: go on from the last checkpoint in the folder, to the bits of a run that never stopped"
    ),
    Flag.withDefault(false)
  ),
  overwrite: Flag.Boolean("overwrite").pipe(
    Flag.withDescription("of FILE.ts: remove the run that is in the folder"),
    Flag.withDefault(false)
  ),
  epochs: Flag.Int("epochs").pipe(
    Flag.withDescription(`the last epoch: as FILE.ts says, ${tableDefaults.epochs} for a table`),
    Flag.withSchema(positive),
    Flag.optional
  ),
  batchSize: Flag.Int("batch-size").pipe(
    Flag.withDescription(`samples per step: as FILE.ts says, ${tableDefaults.batchSize} for a table`),
    Flag.withSchema(positive),
    Flag.optional
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription(
      `decides weights and the order of rows; equal seeds give equal files. As FILE.ts says, ${tableDefaults.seed} for a table`
    ),
    Flag.optional
  ),
  checkpointSeconds: Flag.Finite("checkpoint-seconds").pipe(
    Flag.withDescription("of FILE.ts: a checkpoint is written this often, at the end, and at Ctrl-C: 10 unless given"),
    Flag.withSchema(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))),
    Flag.optional
  ),
  label: Flag.String("label").pipe(
    Flag.withDescription(
      "of a table: the CSV column that holds the class: its name where the first line has names, or its number; the last unless given"
    ),
    Flag.optional
  ),
  classes: Flag.String("classes").pipe(
    Flag.withDescription("of a table: the number of classes in a CSV file, or their names separated by commas"),
    Flag.optional
  ),
  hidden: Flag.Int("hidden").pipe(
    Flag.withDescription(`of a table: units of the hidden layer, ${tableDefaults.hidden} unless given`),
    Flag.withSchema(positive),
    Flag.optional
  ),
  learningRate: Flag.Finite("learning-rate").pipe(
    Flag.withDescription(`of a table: the rate of Adam, ${tableDefaults.learningRate} unless given`),
    Flag.withSchema(Schema.Finite.check(Schema.isGreaterThan(0))),
    Flag.optional
  ),
  validationSplit: Flag.Finite("validation-split").pipe(
    Flag.withDescription(
      `of a table: the share of rows that is measured and not trained on, ${tableDefaults.validationSplit} unless given`
    ),
    Flag.optional
  ),
  checkpoints: Flag.String("checkpoints").pipe(
    Flag.withDescription(
      "of a table: a folder for checkpoints, one after each epoch and one at Ctrl-C; a run that was stopped goes on from there, to the same files"
    ),
    Flag.optional
  ),
  mode: modeFlag,
  ...reportFlags
}

/** What was given of some options. */
const given = <A extends Record<string, Option.Option<unknown>>>(
  all: A
): { readonly [Name in keyof A]?: A[Name] extends Option.Option<infer Value> ? Value : never } =>
  // Every value is that of its option, where there is one.
  Object.fromEntries(
    Object.entries(all).flatMap(([name, option]) => (Option.isSome(option) ? [[name, option.value]] : []))
  ) as never

const flagName = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Options that say nothing about what is trained would be ignored: that is refused. */
const refuse = (names: ReadonlyArray<string>, reason: string) =>
  names.length === 0
    ? Effect.void
    : Effect.fail(new UsageError({ problems: names.map((name) => `${flagName(name)} ${reason}`) }))

/** The command. */
export const train = Command.make(
  "train",
  options,
  Effect.fnUntraced(
    function* ({
      what,
      out,
      resume,
      overwrite,
      checkpointSeconds,
      epochs,
      batchSize,
      seed,
      quiet,
      json,
      mode,
      ...table
    }) {
      const overrides = given({ epochs, batchSize, seed })
      const ofTable = given(table)
      yield* reporting({ quiet, json }, (report) =>
        isExperimentFile(what)
          ? Effect.andThen(
              refuse(Object.keys(ofTable), `is for tables; write it in ${what}`),
              trainExperiment(report, {
                file: what,
                out: Option.getOrUndefined(out),
                resume,
                overwrite,
                checkpointSeconds: Option.getOrElse(checkpointSeconds, () => 10),
                mode,
                overrides
              })
            )
          : Effect.andThen(
              refuse(
                [
                  ...(resume ? ["resume"] : []),
                  ...(overwrite ? ["overwrite"] : []),
                  ...(Option.isSome(checkpointSeconds) ? ["checkpointSeconds"] : [])
                ],
                "is for runs of FILE.ts; a table goes on from --checkpoints FOLDER by itself"
              ),
              trainTable(report, {
                ...overrides,
                ...ofTable,
                data: what,
                out: Option.getOrElse(out, () => "out"),
                checkpoints: ofTable.checkpoints
              })
            )
      )
    },
    (effect, { mode }) => Effect.provide(effect, computeLayers[mode])
  )
).pipe(
  Command.withDescription(
    "Train the experiment of a file, or a multi-layer perceptron with Adam on a table, and keep history, charts and weights"
  ),
  Command.withShortDescription("train an experiment, or a perceptron on a table"),
  Command.withExamples([
    { command: "cotangent train iris.ts", description: "Train into runs/iris" },
    { command: "cotangent train iris.ts --resume", description: "Go on where it was stopped" },
    { command: "cotangent train digits --out out", description: "A perceptron on the digits" }
  ])
)
