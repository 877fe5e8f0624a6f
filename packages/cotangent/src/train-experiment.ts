/** `cotangent train` on a file of code: its experiment as a run in a folder, that can be gone on with. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Stream from "effect/Stream"
import { Model } from "@cotangent/nn"
import { Checkpoints, Experiment, Files, type History, Log } from "@cotangent/train"
import type { Mode } from "./compute-flag.ts"
import { FailedError, usage } from "./exit-code.ts"
import { load } from "./experiment-file.ts"
import { sayStopped } from "./interruption.ts"
import { modelFile } from "./model-file.ts"
import { recordText, show } from "./progress.ts"
import type { Report } from "./report.ts"
import { claim, defaultFolder, describe, readDescription, runFiles, writeHistory, writeResults } from "./run-folder.ts"

/** What a run of an experiment is told. */
export interface ExperimentRun {
  readonly file: string
  readonly out: string | undefined
  readonly resume: boolean
  readonly overwrite: boolean
  readonly checkpointSeconds: number
  readonly mode: Mode
  readonly overrides: Pick<Experiment.Overrides, "epochs" | "batchSize" | "seed">
}

const allFiles = Object.values(runFiles)

/** A failure that has a history leaves it: it shows where the loss went. */
const keepHistory = (folder: string) => (error: unknown) => {
  if (typeof error !== "object" || error === null || !("history" in error)) return Effect.void
  // Only the failures of a run have a history, and it is theirs.
  const history = error.history as History
  return Effect.ignore(writeHistory(folder, history))
}

/** A run in fast mode has bits of its own: no other mode goes on to what it would have been, nor does it of theirs. */
const sameArithmetic = (folder: string, mode: Mode) =>
  Effect.flatMap(readDescription(folder), (description) =>
    description === undefined || (description.mode === "fast") === (mode === "fast")
      ? Effect.void
      : usage(
          description.mode === "fast"
            ? `the run in ${folder} is computed with --mode fast, whose bits are its own; go on with --mode fast, or begin anew with --overwrite`
            : `the run in ${folder} is not computed with --mode fast, whose bits are its own; go on without it, or begin anew with --overwrite`
        )
  )

/** Trains, writing as it goes; what is in the folder afterwards is listed in docs/guides/command.md. */
export const trainExperiment = (
  report: Report,
  { file, out, resume, overwrite, checkpointSeconds, mode, overrides }: ExperimentRun
) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const { experiment, name } = yield* load(file)
    const folder = out ?? defaultFolder(name)
    const data = yield* experiment.data
    const settings = yield* Experiment.settings(experiment, overrides)(data)
    if (resume) yield* sameArithmetic(folder, mode)
    const isThere = yield* claim(folder, { names: allFiles, resume, overwrite })
    if (resume && !isThere) yield* report.say(`There is nothing to go on from in ${folder}; the run begins.`)
    yield* Files.prepareFolder(folder)
    const store = yield* Checkpoints.folder(paths.join(folder, runFiles.checkpoints))
    const checkpoints = { store, resume, everySeconds: checkpointSeconds }
    const batchSize = overrides.batchSize ?? experiment.fit.batchSize ?? 32
    const described = describe(folder, {
      experiment: name,
      epochs: overrides.epochs ?? experiment.fit.epochs,
      data: {
        name: data.name,
        size: data.size,
        inputShape: [...data.inputShape].map(Number),
        targetShape: [...data.targetShape].map(Number),
        targetDtype: data.targetDtype,
        ...(data.classNames === undefined ? {} : { classNames: [...data.classNames] })
      },
      settings,
      ...(mode === "fast" ? { mode } : {}),
      summary: Model.summary(experiment.model).text.split("\n")
    })
    const last = yield* Experiment.events(experiment, { ...overrides, checkpoints })(data).pipe(
      Stream.tap((event) => (event._tag === "Started" ? described : Effect.void)),
      Log.csv(paths.join(folder, runFiles.table)),
      Log.jsonLines(paths.join(folder, runFiles.log)),
      show(report, batchSize),
      Stream.runLast,
      Effect.tapError(keepHistory(folder)),
      sayStopped(`the same command with --resume goes on from the checkpoint in ${folder}.`)
    )
    const done = Option.getOrUndefined(last)
    if (done?._tag !== "Done") return
    const { history, stopped } = done.run
    const metadata = { experiment: name, data: data.name, seed: String(overrides.seed ?? experiment.fit.seed ?? 0) }
    const { bytes, weightsOnly } = modelFile(experiment.model, done.run, {
      name,
      classNames: data.classNames,
      metadata
    })
    if (weightsOnly !== undefined)
      yield* report.say(`${runFiles.model} holds the weights alone, the model cannot be served: ${weightsOnly}`)
    yield* writeResults(folder, { history, model: bytes, title: name })
    const end = history.epochs.at(-1)
    if (stopped === "nonFinite")
      return yield* new FailedError({
        message: `the loss of epoch ${end?.epoch} is ${end?.loss}; ${folder} holds what there was until then`
      })
    yield* report.answer({
      text: `${end === undefined ? "" : `\nEpoch ${end.epoch}: ${recordText(end)}\n`}Wrote ${allFiles.join(", ")} in ${folder}`,
      json: { event: "done", out: folder, files: allFiles, epochs: history.epochs.length, stopped, last: end }
    })
  })
