/** `cotangent predict`: what trained weights say about rows. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { Command, Flag } from "effect/cli"
import { refusalOf } from "@cotangent/data"
import type { Value } from "@cotangent/graph"
import { Experiment, Files } from "@cotangent/train"
import { computeLayers, modeFlag } from "./compute-flag.ts"
import { usage, UsageError } from "./exit-code.ts"
import { onFlag, partOf } from "./held-out.ts"
import { experimentArgument, openExperiment } from "./named-experiment.ts"
import { numberRows } from "./number-rows.ts"
import { jsonLine, reportFlags, reporting } from "./report.ts"
import { readWeights, runFlag } from "./stored-weights.ts"

const readInput = (path: string, shape: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs
      .readFileString(path)
      .pipe(
        Effect.mapError((error) =>
          usage(
            error.reason._tag === "NotFound" ? `there is no ${path}` : `${path} cannot be read: ${refusalOf(error)}`
          )
        )
      )
    return yield* Effect.try({
      try: () => numberRows(path, text, shape),
      catch: (thrown) => (thrown instanceof UsageError ? thrown : usage(String(thrown)))
    })
  })

/** The outputs of one row. */
interface Predicted {
  readonly row: number
  /** The class of the largest output, where outputs are classes. */
  readonly class?: string
  readonly outputs: ReadonlyArray<number>
}

/** The outputs row by row; where they stand for classes, with the name of the largest. */
const rowsOf = (outputs: Value, classes: ReadonlyArray<string> | undefined): ReadonlyArray<Predicted> => {
  const [rows = 0] = outputs.shape
  const width = outputs.data.length / Math.max(1, rows)
  const names = outputs.shape.length === 2 && classes?.length === width && width > 1 ? classes : undefined
  return Array.from({ length: rows }, (_, row) => {
    const values = Array.from(outputs.data.subarray(row * width, (row + 1) * width), Number)
    const largest = values.reduce((best, x, i) => (x > (values[best] ?? Number.NEGATIVE_INFINITY) ? i : best), 0)
    const name = names?.[largest]
    return { row, ...(name === undefined ? {} : { class: name }), outputs: values }
  })
}

const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** The rows as CSV: the class where there is one, then the outputs, under the names of the classes. */
const csvOf = (rows: ReadonlyArray<Predicted>, classes: ReadonlyArray<string> | undefined): string => {
  const [first] = rows
  const hasClass = first?.class !== undefined
  const names = hasClass && classes !== undefined ? classes : (first?.outputs ?? []).map((_, i) => `y${i}`)
  return [
    ["row", ...(hasClass ? ["class"] : []), ...names].map(quoted).join(","),
    ...rows.map(({ row, class: name, outputs }) =>
      [String(row), ...(name === undefined ? [] : [quoted(name)]), ...outputs.map(String)].join(",")
    )
  ].join("\n")
}

/** The command. */
export const predict = Command.make(
  "predict",
  {
    experiment: experimentArgument,
    run: runFlag,
    input: Flag.String("input").pipe(
      Flag.withDescription(
        "a CSV file with a row of numbers per sample and no target, names in the first line allowed; rows of the experiment unless given"
      ),
      Flag.optional
    ),
    on: onFlag,
    out: Flag.String("out").pipe(
      Flag.withDescription(
        "the file to write, CSV or, when it ends in .jsonl, JSON lines; standard output unless given"
      ),
      Flag.optional
    ),
    mode: modeFlag,
    ...reportFlags
  },
  Effect.fnUntraced(
    function* ({ experiment: what, run, input, on, out, mode: _, ...flags }) {
      yield* reporting(flags, (report) =>
        Effect.gen(function* () {
          if (Option.isSome(input) && Option.isSome(on))
            return yield* usage("--input and --on are both given; one of them says which rows")
          const { experiment, folder } = yield* openExperiment(what)
          const { weights } = yield* readWeights(
            experiment.model,
            Option.getOrElse(run, () => folder)
          )
          const part = Option.isSome(input) ? undefined : yield* partOf(experiment, Option.getOrUndefined(on))
          const x = Option.isSome(input) ? yield* readInput(input.value, experiment.model.inputShape) : part?.rows.x
          if (x === undefined) return yield* usage("there are no rows")
          const outputs = yield* Experiment.predict(experiment)(weights)(x)
          // Only the data know what classes are called.
          const { classNames } = part === undefined ? yield* experiment.data : part.rows
          const rows = rowsOf(outputs, classNames)
          const lines = rows.map(jsonLine).join("\n")
          const csv = csvOf(rows, classNames)
          if (Option.isNone(out)) {
            if (report.mode === "json")
              return yield* Effect.forEach(rows, (row) => report.event({ event: "predicted", ...row }))
            return yield* report.answer({ text: csv, quiet: csv, json: { event: "predicted" } })
          }
          const content = out.value.endsWith(".jsonl") ? lines : csv
          yield* Files.writeAtomic(out.value, new TextEncoder().encode(`${content}\n`))
          yield* report.answer({
            text: `Wrote ${rows.length} rows in ${out.value}`,
            json: { event: "done", rows: rows.length, files: [out.value] }
          })
        }).pipe(Effect.asVoid)
      )
    },
    (effect, { mode }) => Effect.provide(effect, computeLayers[mode])
  )
).pipe(
  Command.withDescription(
    "Print what trained weights put out for rows, with the class of the largest output where outputs are classes"
  ),
  Command.withShortDescription("print what trained weights say about rows"),
  Command.withExamples([
    { command: "cotangent predict iris.ts", description: "For the test data, as CSV" },
    { command: "cotangent predict iris.ts --input new.csv --out said.csv", description: "For rows of a file" }
  ])
)
