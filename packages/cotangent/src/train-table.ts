/** `cotangent train` on a table: history, charts and weights in a folder. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Model } from "@cotangent/nn"
import { Checkpoints, Experiment, Files } from "@cotangent/train"
import { sayStopped } from "./interruption.ts"
import { modelFile } from "./model-file.ts"
import { show } from "./progress.ts"
import type { Report } from "./report.ts"
import { writeResults } from "./run-folder.ts"
import { tableDefaults, tableExperiment, type TableOptions } from "./table-experiment.ts"

/** What a run of a table is told. */
export interface TableRun extends TableOptions {
  readonly data: string
  readonly out: string
  readonly checkpoints: string | undefined
}

/** Trains, and writes what there is at the end; an interrupted run leaves its checkpoints, if it has a place for them. */
export const trainTable = (report: Report, { data, out, checkpoints, ...options }: TableRun) =>
  Effect.gen(function* () {
    const { experiment, metadata } = yield* tableExperiment(data, options)
    const table = yield* experiment.data
    yield* Files.prepareFolder(out)
    const store = checkpoints === undefined ? undefined : yield* Checkpoints.folder(checkpoints)
    const last = yield* Experiment.events(
      experiment,
      store === undefined ? {} : { checkpoints: { store, resume: true } }
    )(table).pipe(show(report, options.batchSize ?? tableDefaults.batchSize), Stream.runLast)
    const done = Option.getOrUndefined(last)
    if (done?._tag !== "Done") return
    const { history, stopped } = done.run
    // Served, it puts out probabilities. Softmax fits any model; its types were forgotten with those of the experiment.
    const probabilities = Model.softmax(experiment.model as never) as unknown as Model.AnyModel
    const { bytes } = modelFile(probabilities, done.run, { name: table.name, classNames: table.classNames, metadata })
    yield* writeResults(out, { history, model: bytes })
    const end = history.epochs.at(-1)
    yield* report.answer({
      text: `\nWrote history.json, history.svg, history.png and model.safetensors in ${out}\nValidation accuracy ${(100 * (end?.["valAccuracy"] ?? Number.NaN)).toFixed(1)} %`,
      json: { event: "done", out, epochs: history.epochs.length, stopped, last: end }
    })
  }).pipe(
    sayStopped(
      checkpoints === undefined
        ? "nothing was written."
        : `the same command goes on from the checkpoint in ${checkpoints}.`
    )
  )
