/** The experiment that a command is about, by its name on the command line. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import { Argument } from "effect/cli"
import type { DataError } from "@cotangent/data"
import type { Files } from "@cotangent/train"
import { usage, type UsageError } from "./exit-code.ts"
import { isExperimentFile, load, type Loaded } from "./experiment-file.ts"
import { defaultFolder } from "./run-folder.ts"
import { builtinNames, isBuiltin, tableExperiment } from "./table-experiment.ts"

/** The argument. */
export const experimentArgument = Argument.String("experiment").pipe(
  Argument.withDescription(
    `FILE.ts, a file whose default export is an experiment; or ${builtinNames.join(", ")}: the perceptron of cotangent train on that table`
  )
)

/** An experiment, and where its run is unless told otherwise. */
export interface Opened extends Loaded {
  readonly folder: string
}

/** The experiment of a name. */
export const openExperiment = (
  what: string
): Effect.Effect<Opened, UsageError | DataError | Files.FileError, FileSystem.FileSystem | Path.Path> =>
  isBuiltin(what)
    ? Effect.map(tableExperiment(what), ({ experiment }) => ({ experiment, name: what, folder: "out" }))
    : isExperimentFile(what)
      ? Effect.map(load(what), ({ experiment, name }) => ({ experiment, name, folder: defaultFolder(name) }))
      : Effect.fail(
          usage(
            `${JSON.stringify(what)} is neither a file of code, .ts, .mts, .js or .mjs, nor one of ${builtinNames.join(", ")}`
          )
        )
