/** `cotangent export`: a trained model as one WebAssembly module and an ES module that needs nothing else. */
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { Argument, Command, Flag } from "effect/cli"
import { refusalOf } from "@cotangent/data"
import type { Model } from "@cotangent/nn"
import { Artifact, Weights } from "@cotangent/serve"
import { Checkpoints, Experiment, Files, Safetensors } from "@cotangent/train"
import { FailedError, sentenceOf, usage } from "./exit-code.ts"
import { reportFlags, reporting } from "./report.ts"
import { runFiles } from "./run-folder.ts"

const options = {
  source: Argument.String("source").pipe(
    Argument.withDescription(
      "the folder of a run, a file of weights (model.safetensors), a checkpoint, or a folder of checkpoints"
    )
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription("the folder for model.wasm, model.js, model.d.ts and, where there is none, package.json"),
    Flag.withDefault("exported")
  ),
  model: Flag.String("model").pipe(
    Flag.withDescription(
      "for weights without their model, as checkpoints are: the model.safetensors of a run, or the module whose export `model` is the model or whose default export is the experiment, FILE or FILE#NAME"
    ),
    Flag.optional
  ),
  batch: Flag.Boolean("batch").pipe(
    Flag.withDescription("a program for batches too: many rows of a large model are faster, the code is twice as long"),
    Flag.withDefault(false)
  ),
  labels: Flag.String("labels").pipe(
    Flag.withDescription(
      "with --model and a module: what the outputs are called, separated by commas; a model.safetensors has its own"
    ),
    Flag.optional
  ),
  ...reportFlags
}

/** What is there is damaged. */
const damaged = (path: string, sentence: string) => new FailedError({ message: `cannot export ${path}: ${sentence}` })

/** What was asked for does not fit what is there. */
const refused = (path: string, sentence: string) => usage(`cannot export ${path}: ${sentence}`)

const attempt = <A, E>(path: string, failure: (path: string, sentence: string) => E, body: () => A) =>
  Effect.try({ try: body, catch: (thrown) => failure(path, sentenceOf(thrown)) })

/** The newest of the checkpoints in a folder. */
const newest = (names: ReadonlyArray<string>): string | undefined =>
  names.filter((name) => /^checkpoint-\d+$/.test(name)).toSorted((a, b) => Number(b.slice(11)) - Number(a.slice(11)))[0]

/** The file of weights that a path means. */
const fileOf = (source: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const info = yield* fs.stat(source)
    if (info.type !== "Directory") return source
    const names = yield* fs.readDirectory(source)
    const checkpoint = newest(names)
    const inside = ["model.safetensors", "state.safetensors"].find((name) => names.includes(name))
    if (inside !== undefined) return paths.join(source, inside)
    if (checkpoint !== undefined) return paths.join(source, checkpoint, "state.safetensors")
    // A run that was interrupted has its checkpoints in a folder of their own, and no model yet.
    const inner = names.includes(runFiles.checkpoints) ? paths.join(source, runFiles.checkpoints) : undefined
    const last = inner === undefined ? undefined : newest(yield* fs.readDirectory(inner))
    if (inner !== undefined && last !== undefined) return paths.join(inner, last, "state.safetensors")
    return yield* refused(source, "the folder has no model.safetensors and no checkpoint")
  }).pipe(
    Effect.catchTag("PlatformError", (error) =>
      Effect.fail(
        refused(source, error.reason._tag === "NotFound" ? "there is no such file or folder" : refusalOf(error))
      )
    )
  )

const isModel = (value: unknown): value is Model.AnyModel =>
  typeof value === "object" && value !== null && "init" in value && "apply" in value && "inputShape" in value

/** The model that a module exports. */
const modelIn = (spec: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const [file = "", name = "model"] = spec.split("#")
    const fs = yield* FileSystem.FileSystem
    if (!(yield* Effect.orElseSucceed(fs.exists(paths.resolve(file)), () => true)))
      return yield* usage(
        `there is no model ${file}; check the path, which is relative to where the command was started`
      )
    const exports = yield* Effect.tryPromise({
      try: (): Promise<{ readonly [name: string]: unknown }> => import(pathToFileURL(paths.resolve(file)).href),
      catch: (thrown) => usage(`the model ${file} cannot be imported: ${sentenceOf(thrown)}`)
    })
    const found = exports[name] ?? (spec.includes("#") ? undefined : exports["default"])
    const model = Experiment.isExperiment(found) ? found.model : found
    if (!isModel(model))
      return yield* usage(
        `${file} exports no model called ${name}; there are ${Object.keys(exports).toSorted().join(", ")}`
      )
    return model
  })

/** The tensors and metadata of a file; the checksum of a checkpoint is looked at. */
const readFile = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.dirname(file)
    const manifest = paths.join(folder, "manifest.json")
    if (
      paths.basename(file) === "state.safetensors" &&
      (yield* fs.exists(manifest).pipe(Effect.orElseSucceed(() => false)))
    )
      yield* Checkpoints.readFolder(folder)
    const bytes = yield* fs
      .readFile(file)
      .pipe(
        Effect.mapError((error) =>
          refused(file, error.reason._tag === "NotFound" ? "there is no such file" : refusalOf(error))
        )
      )
    const contents = yield* Safetensors.decode(bytes).pipe(Effect.mapError(({ message }) => damaged(file, message)))
    return { bytes, ...contents }
  })

const readArtifact = (file: string) =>
  Effect.gen(function* () {
    const { bytes, metadata } = yield* readFile(file)
    if (!("cotangent" in metadata))
      return yield* refused(file, "it holds weights and no model; say which model they are of with --model FILE")
    return yield* attempt(file, damaged, (): Artifact.AnyArtifact => Artifact.decode(bytes))
  })

const read = (source: string, model: Option.Option<string>, labels: Option.Option<string>) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    if (Option.isSome(labels) && (Option.isNone(model) || model.value.endsWith(".safetensors")))
      return yield* usage("--labels is for the model of a module (--model FILE.ts); a model.safetensors has its own")
    const file = yield* fileOf(source)
    if (Option.isNone(model)) return yield* readArtifact(file)
    const { tensors } = yield* readFile(file)
    if (model.value.endsWith(".safetensors")) {
      const artifact = yield* readArtifact(model.value)
      return yield* attempt(file, refused, () => Weights.into(artifact, tensors))
    }
    const known = yield* modelIn(model.value)
    // The types of a model that is imported by name are not known; Artifact.make checks its weights.
    const typed = known as unknown as Model.Model<ReadonlyArray<number>, ReadonlyArray<number>>
    return yield* attempt(file, refused, (): Artifact.AnyArtifact =>
      Artifact.make(typed, Weights.fromTensors(typed, tensors), {
        name: paths.basename(source, ".safetensors"),
        ...(Option.isNone(labels) ? {} : { labels: labels.value.split(",") })
      })
    )
  })

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`

/** The command. */
export const exportModel = Command.make(
  "export",
  options,
  Effect.fnUntraced(function* ({ source, out, model, labels, batch, ...flags }) {
    yield* reporting(flags, (report) =>
      Effect.gen(function* () {
        const paths = yield* Path.Path
        const fs = yield* FileSystem.FileSystem
        const artifact = yield* read(source, model, labels)
        const { wasm, javascript, declarations, manifest } = yield* attempt(source, damaged, () =>
          Artifact.standalone(artifact, { batch })
        )
        yield* Files.prepareFolder(out)
        const text = new TextEncoder()
        const files: Array<string> = []
        const write = (name: string, bytes: Uint8Array) => {
          const file = paths.join(out, name)
          files.push(file)
          return Files.writeAtomic(file, bytes)
        }
        yield* write("model.wasm", wasm)
        yield* write("model.js", text.encode(javascript))
        yield* write("model.d.ts", text.encode(declarations))
        const hasManifest = yield* fs.exists(paths.join(out, "package.json")).pipe(Effect.orElseSucceed(() => true))
        if (!hasManifest) yield* write("package.json", text.encode(manifest))
        const weights = artifact.weights.reduce((sum, { value }) => sum + value.data.byteLength, 0)
        yield* report.answer({
          text: `Wrote model.wasm (${kilobytes(wasm.length)}, ${kilobytes(weights)} of them weights), model.js (${kilobytes(javascript.length)}) and model.d.ts in ${out}`,
          json: { event: "done", files, bytes: { wasm: wasm.length, javascript: javascript.length, weights } }
        })
      })
    )
  })
).pipe(
  Command.withDescription("Write a trained model as WebAssembly and an ES module without dependencies"),
  Command.withShortDescription("write a trained model as WebAssembly and an ES module"),
  Command.withExamples([
    { command: "cotangent export runs/iris --out web", description: "The model of a run" },
    {
      command: "cotangent export checkpoints --model model.ts",
      description: "The newest checkpoint, for the model that a module exports"
    }
  ])
)
