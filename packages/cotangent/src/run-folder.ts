/** The folder of a run: what is in it, who may begin one there, and how it is read. docs/guides/command.md lists its files. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import { refusalOf } from "@cotangent/data"
import { Tree, type Value } from "@cotangent/graph"
import { decodeHistory, encodeHistory, Experiment, Files, type History, Safetensors } from "@cotangent/train"
import { Viz } from "@cotangent/viz"
import { FailedError, usage, UsageError } from "./exit-code.ts"

/** The names of what a run leaves. */
export const runFiles = {
  description: "run.json",
  history: "history.json",
  table: "history.csv",
  log: "log.jsonl",
  model: "model.safetensors",
  checkpoints: "checkpoints",
  vector: "history.svg",
  pixels: "history.png"
} as const

type World = FileSystem.FileSystem | Path.Path

/** Where a run of an experiment is kept unless told otherwise. */
export const defaultFolder = (name: string): string =>
  `runs/${name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^\.+/, "") || "run"}`

const unreadable =
  (path: string) =>
  (error: PlatformError): UsageError =>
    usage(error.reason._tag === "NotFound" ? `there is no ${path}` : `${path} cannot be read: ${refusalOf(error)}`)

/** The names in a folder; none when there is no folder. */
export const namesIn = (folder: string): Effect.Effect<ReadonlyArray<string>, UsageError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readDirectory(folder)).pipe(
    Effect.catch((error) =>
      error.reason._tag === "NotFound" ? Effect.succeed([]) : Effect.fail(unreadable(folder)(error))
    )
  )

/** How a run may deal with what stands in its folder. */
export interface Claim {
  /** What of `names` would be mixed up with what is written. */
  readonly names: ReadonlyArray<string>
  readonly resume: boolean
  readonly overwrite: boolean
}

/**
 * Makes sure that nothing is lost in a folder by accident: what stands there is gone on with, removed, or a UsageError says
 * what it is. Gives whether something is there to go on with.
 */
export const claim = (
  folder: string,
  { names, resume, overwrite }: Claim
): Effect.Effect<boolean, UsageError | Files.FileError, World> =>
  Effect.gen(function* () {
    if (resume && overwrite) return yield* usage("--resume and --overwrite are both given; one of them is needed")
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    // Who writes there next says what stands in the way if it is no folder.
    const there = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
    const found = there.filter((name) => names.includes(name))
    if (resume && found.includes(runFiles.model) && !found.includes(runFiles.checkpoints))
      return yield* usage(
        `${folder} holds ${runFiles.model} and no ${runFiles.checkpoints} to go on from; begin anew with --overwrite, or name another folder with --out`
      )
    if (found.length === 0 || resume) return found.length > 0
    if (!overwrite)
      return yield* usage(
        `${folder} holds ${found.toSorted().join(", ")} already; go on with --resume, begin anew with --overwrite, or name another folder with --out`
      )
    for (const name of found)
      yield* fs.remove(paths.join(folder, name), { recursive: true }).pipe(
        Effect.mapError(
          ({ reason }) =>
            new Files.FileError({
              path: folder,
              message: `cannot remove ${paths.join(folder, name)}: ${reason.message}`
            })
        )
      )
    return false
  })

/** What a run is of: everything its numbers depend on. Nothing in it depends on the clock, the machine, or where it is. */
const Description = Schema.Struct({
  format: Schema.Literal("cotangent run"),
  version: Schema.Literal(1),
  packages: Schema.Record(Schema.String, Schema.String),
  experiment: Schema.String,
  epochs: Schema.Number,
  data: Schema.Struct({
    name: Schema.String,
    size: Schema.Number,
    inputShape: Schema.Array(Schema.Number),
    targetShape: Schema.Array(Schema.Number),
    targetDtype: Schema.String,
    classNames: Schema.optionalKey(Schema.Array(Schema.String))
  }),
  settings: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Number, Schema.Boolean])),
  /** Only where the bits are not those of every other mode. */
  mode: Schema.optionalKey(Schema.Literal("fast")),
  summary: Schema.Array(Schema.String)
})

/** What `run.json` says. */
export type Description = typeof Description.Type

const text = new TextEncoder()

/** Writes `run.json`. */
export const describe = (
  folder: string,
  description: Omit<Description, "format" | "version" | "packages">
): Effect.Effect<void, Files.FileError, World> =>
  Effect.flatMap(Path.Path, (paths) => {
    const whole: Description = {
      format: "cotangent run",
      version: 1,
      packages: { cotangent: "0.1.0" },
      ...description
    }
    return Files.writeAtomic(
      paths.join(folder, runFiles.description),
      text.encode(`${JSON.stringify(whole, null, 2)}\n`)
    )
  })

/** What `run.json` says; `undefined` when there is none. */
export const readDescription = (
  folder: string
): Effect.Effect<Description | undefined, UsageError | FailedError, World> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    if (!(yield* namesIn(folder)).includes(runFiles.description)) return undefined
    const path = paths.join(folder, runFiles.description)
    const content = yield* fs.readFileString(path).pipe(Effect.mapError(unreadable(path)))
    return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Description))(content).pipe(
      Effect.mapError(
        (error) => new FailedError({ message: `${path} does not read: ${error.message.replaceAll(/\s*\n\s*/g, " ")}` })
      )
    )
  })

/** The weights as named tensors: the path in the parameters; that in the state unless it is taken. */
export const namedWeights = ({ params, modelState }: Experiment.Weights): ReadonlyArray<Tree.Leaf<Value>> => {
  const own = Tree.entries<Value>(params)
  const taken = new Set(own.map(({ path }) => path))
  const others = Tree.entries<Value>(modelState)
  return [...own, ...others.map(({ path, leaf }) => ({ path: stateName(taken, path), leaf }))]
}

/** What a tensor of the state is called beside the parameters. */
export const stateName = (taken: ReadonlySet<string>, path: string): string =>
  taken.has(path) ? `${path} (state)` : path

/** Writes weights under their names. */
export const writeWeights = (
  path: string,
  weights: Experiment.Weights,
  metadata: Readonly<Record<string, string>>
): Effect.Effect<void, Files.FileError, World> =>
  Files.writeAtomic(path, Safetensors.encodeEntries(namedWeights(weights), metadata))

/** Writes the history of a run that ended well or badly. */
export const writeHistory = (folder: string, history: History): Effect.Effect<void, Files.FileError, World> =>
  Effect.flatMap(Path.Path, (paths) =>
    Files.writeAtomic(paths.join(folder, runFiles.history), text.encode(encodeHistory(history)))
  )

/** Writes what a run leaves at its end: its history, charts, and the file of its model. */
export const writeResults = (
  folder: string,
  { history, model, title }: { readonly history: History; readonly model: Uint8Array; readonly title?: string }
) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const chart = Viz.history(history, title === undefined ? {} : { title })
    yield* writeHistory(folder, history)
    yield* Files.writeAtomic(paths.join(folder, runFiles.model), model)
    yield* chart.writeSvg(paths.join(folder, runFiles.vector))
    yield* chart.writePng(paths.join(folder, runFiles.pixels))
  })

/** The lines of a log as a history. A line that was being written when the process was killed is left out. */
const historyOfLog = (path: string, content: string): Effect.Effect<History, FailedError> => {
  const lines = content.split("\n").slice(0, -1)
  return decodeHistory(`{"version": 1, "epochs": [${lines.join(",")}]}`).pipe(
    Effect.mapError(
      (error) => new FailedError({ message: `${path} does not read: ${error.message.replaceAll(/\s*\n\s*/g, " ")}` })
    )
  )
}

/**
 * The history of a run, of one that is going on or was interrupted too. Fails with a UsageError where there is none.
 */
export const readHistory = (run: string): Effect.Effect<History, UsageError | FailedError, World> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const info = yield* fs.stat(run).pipe(Effect.mapError(unreadable(run)))
    const read = (path: string) => fs.readFileString(path).pipe(Effect.mapError(unreadable(path)))
    const whole = (path: string) =>
      Effect.flatMap(read(path), decodeHistory).pipe(
        Effect.catchTag("SchemaError", (error) =>
          Effect.fail(
            new FailedError({ message: `${path} does not read: ${error.message.replaceAll(/\s*\n\s*/g, " ")}` })
          )
        )
      )
    const logged = (path: string) => Effect.flatMap(read(path), (content) => historyOfLog(path, content))
    if (info.type === "File") return yield* run.endsWith(".jsonl") ? logged(run) : whole(run)
    const names = yield* namesIn(run)
    const found = [
      ...(names.includes(runFiles.history) ? [yield* whole(paths.join(run, runFiles.history))] : []),
      ...(names.includes(runFiles.log) ? [yield* logged(paths.join(run, runFiles.log))] : [])
    ]
    // A run that goes on is ahead of what it left when it ended before.
    const [history] = found.toSorted((a, b) => b.epochs.length - a.epochs.length)
    return (
      history ??
      (yield* usage(
        `${run} holds no history: neither ${runFiles.history} nor ${runFiles.log}; is it the folder of a run?`
      ))
    )
  })
