/** `cotangent export`: a trained model as one WebAssembly module and an ES module that needs nothing else. */
import { pathToFileURL } from "node:url"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { Argument, Command, Flag } from "effect/cli"
import type { Model } from "@cotangent/nn"
import { Artifact, Weights } from "@cotangent/serve"
import { Experiment, Files, Safetensors } from "@cotangent/train"

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
    Flag.withDescription("with --model: what the outputs are called, separated by commas"),
    Flag.optional
  )
}

const failed = (path: string, sentence: string) =>
  new Files.FileError({ path, message: `cannot export ${path}: ${sentence}` })

const attempt = <A>(path: string, body: () => A) =>
  Effect.try({ try: body, catch: (thrown) => failed(path, thrown instanceof Error ? thrown.message : String(thrown)) })

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
    return yield* failed(source, "the folder has no model.safetensors and no checkpoint")
  }).pipe(
    Effect.catchTag("PlatformError", (error) =>
      Effect.fail(
        failed(source, error.reason._tag === "NotFound" ? "there is no such file or folder" : error.reason.message)
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
    const exports = yield* Effect.tryPromise({
      try: (): Promise<{ readonly [name: string]: unknown }> => import(pathToFileURL(paths.resolve(file)).href),
      catch: (thrown) =>
        failed(file, `it cannot be imported: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    })
    const found = exports[name] ?? (spec.includes("#") ? undefined : exports["default"])
    const model = Experiment.isExperiment(found) ? found.model : found
    if (!isModel(model))
      return yield* failed(
        file,
        `it exports no model called ${name}; there are ${Object.keys(exports).toSorted().join(", ")}`
      )
    return model
  })

/** The tensors and metadata of a file. */
const readFile = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* fs.readFile(file).pipe(Effect.mapError((error) => failed(file, error.reason.message)))
    const contents = yield* Safetensors.decode(bytes).pipe(Effect.mapError(({ message }) => failed(file, message)))
    return { bytes, ...contents }
  })

const readArtifact = (file: string) =>
  Effect.gen(function* () {
    const { bytes, metadata } = yield* readFile(file)
    if (!("cotangent" in metadata))
      return yield* failed(file, "it holds weights and no model; say which model they are of with --model FILE")
    return yield* attempt(file, (): Artifact.AnyArtifact => Artifact.decode(bytes))
  })

const read = (source: string, model: Option.Option<string>, labels: Option.Option<string>) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const file = yield* fileOf(source)
    if (Option.isNone(model)) return yield* readArtifact(file)
    const { tensors } = yield* readFile(file)
    if (model.value.endsWith(".safetensors")) {
      const artifact = yield* readArtifact(model.value)
      return yield* attempt(file, () => Weights.into(artifact, tensors))
    }
    const known = yield* modelIn(model.value)
    // The types of a model that is imported by name are not known; Artifact.make checks its weights.
    const typed = known as unknown as Model.Model<ReadonlyArray<number>, ReadonlyArray<number>>
    return yield* attempt(file, (): Artifact.AnyArtifact =>
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
  Effect.fnUntraced(function* ({ source, out, model, labels, batch }) {
    const paths = yield* Path.Path
    const fs = yield* FileSystem.FileSystem
    const artifact = yield* read(source, model, labels)
    const { wasm, javascript, declarations, manifest } = yield* attempt(source, () =>
      Artifact.standalone(artifact, { batch })
    )
    yield* Files.prepareFolder(out)
    const text = new TextEncoder()
    const write = (name: string, bytes: Uint8Array) => Files.writeAtomic(paths.join(out, name), bytes)
    yield* write("model.wasm", wasm)
    yield* write("model.js", text.encode(javascript))
    yield* write("model.d.ts", text.encode(declarations))
    const hasManifest = yield* fs.exists(paths.join(out, "package.json")).pipe(Effect.orElseSucceed(() => true))
    if (!hasManifest) yield* write("package.json", text.encode(manifest))
    const weights = artifact.weights.reduce((sum, { value }) => sum + value.data.byteLength, 0)
    yield* Console.log(
      `Wrote model.wasm (${kilobytes(wasm.length)}, ${kilobytes(weights)} of them weights), model.js (${kilobytes(javascript.length)}) and model.d.ts in ${out}`
    )
  })
).pipe(Command.withDescription("write a trained model as WebAssembly and an ES module without dependencies"))
