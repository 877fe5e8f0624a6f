/** The command that runs golden files. */
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import { Argument, Command, Flag } from "effect/cli"
import { DocumentError, parseDocument } from "./forms/document.ts"
import { closingLine, encodeReports, showReport } from "./render.ts"
import { type Report, runDocument, totalOf } from "./run.ts"
import { targetNames } from "./targets.ts"

/** Something failed, or a file could not be used: the reports say what. */
export class GoldenError extends Data.TaggedError("GoldenError")<{ readonly message: string }> {}

const options = {
  files: Argument.String("file").pipe(
    Argument.withDescription("golden files of any of the four forms: gradients, optimizers, schedules, training"),
    Argument.variadic({ min: 1 })
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("write the report as JSON, and the closing line to standard error"),
    Flag.withDefault(false)
  ),
  target: Flag.Literals("target", [...targetNames, "all"]).pipe(
    Flag.withDescription("where to compute"),
    Flag.withDefault("all")
  )
}

const unreadable = (file: string, { reason, message }: PlatformError): string =>
  reason._tag === "NotFound" ? `there is no file ${file}` : `${file} cannot be read: ${message}`

/** Reads and runs one file. */
const runFile = Effect.fn("golden.runFile")(function* (
  file: string,
  targets: ReadonlyArray<(typeof targetNames)[number]>
) {
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    files.readFileString(file),
    (error) => new DocumentError({ file, message: unreadable(file, error) })
  )
  const document = yield* parseDocument(file, text)
  return runDocument(file, document, targets)
})

/** `golden FILE...`: runs golden files, lists what failed and what was skipped, and fails if anything did. */
export const golden = Command.make(
  "golden",
  options,
  Effect.fn("golden")(function* ({ files, json, target }) {
    const targets = target === "all" ? targetNames : [target]
    const reports: Array<Report> = []
    const unusable: Array<string> = []
    for (const file of files) {
      const report = yield* Effect.result(runFile(file, targets))
      if (report._tag === "Success") reports.push(report.success)
      else unusable.push(report.failure.message)
      if (report._tag === "Success" && !json) yield* Console.log(showReport(report.success))
    }
    for (const sentence of unusable) yield* Console.error(`golden: ${sentence}`)
    const total = totalOf(reports)
    if (json) yield* Console.log(encodeReports(reports))
    if (reports.length > 0) yield* json ? Console.error(closingLine(total)) : Console.log(closingLine(total))
    if (total.failed > 0 || unusable.length > 0) return yield* new GoldenError({ message: closingLine(total) })
  })
).pipe(Command.withDescription("Compares this library with numbers that another framework computed"))
