/** How the command ends: its exit codes, and the errors that are its own. */
import * as Data from "effect/Data"

/** What the process says with its exit code; docs/guides/command.md has the table. */
export const exitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** The request cannot be done as it was asked: every problem found. Nothing was run and nothing was written. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    return this.problems.join("\n")
  }
}

/** What was asked for ran and came to nothing. */
export class FailedError extends Data.TaggedError("FailedError")<{ readonly message: string }> {}

/** The failure of a request with one thing wrong about it. */
export const usage = (problem: string): UsageError => new UsageError({ problems: [problem] })

/** Errors that say the same of the parts of a request: options, data, a checkpoint of another run. */
const requests: ReadonlySet<string> = new Set([
  "UsageError",
  "ArtifactError",
  "RowError",
  "WeightsError",
  "ShowHelp",
  "ExperimentError",
  "FitError",
  "ResumeError",
  "DataError",
  "ModelError",
  "OptionError",
  "OptimizerError",
  "ShapeError"
])

/** The tag of an error, or its name. */
export const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error
    ? String(error._tag)
    : error instanceof Error
      ? error.name
      : typeof error

/** The exit code of a failure. */
export const exitCodeOf = (error: unknown): number => (requests.has(tagOf(error)) ? exitCode.usage : exitCode.failed)

/** The sentence of a failure. */
export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
