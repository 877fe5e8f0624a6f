/**
 * Checkpoints: everything a run needs to go on as if it had never stopped, and their two files.
 *
 * `state.safetensors` holds the tensors: parameters, optimizer state, model state, random key, the order of the rows and the
 * cursor in it, running sums (`state.*`), the weights to give back (`best.*`) and the last good state (`good.*`) where there
 * are any. `manifest.json` holds the rest and the size and checksum of the other file, so that a damaged pair is refused.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Value } from "@cotangent/graph"
import type { Json } from "./callback.ts"
import { crc32 } from "./crc32.ts"
import { duplicateKey } from "./duplicate-key.ts"
import { CheckpointError } from "./errors.ts"
import { type EpochRecord, Epochs, type History } from "./history.ts"
import * as Safetensors from "./safetensors.ts"

/** What a run was described by, as far as its numbers depend on it. */
export type Settings = { readonly [name: string]: string | number | boolean }

/** A run, stopped between two steps. */
export interface Checkpoint {
  /** Training steps done, in all. */
  readonly step: number
  readonly history: History
  readonly settings: Settings
  /** The state of every callback. */
  readonly callbacks: { readonly [name: string]: Json }
  /** How often the run was rolled back. */
  readonly retries: number
  /** Why the run is over, if it is. */
  readonly stopped?: string
  /** The tensors by path: `state.optimizer.params.hidden.kernel`. */
  readonly tensors: { readonly [path: string]: Value }
}

/** The files of a checkpoint. */
export interface CheckpointFiles {
  readonly manifest: Uint8Array
  readonly tensors: Uint8Array
}

/** Names of the files. */
export const manifestName = "manifest.json"
/** Names of the files. */
export const tensorsName = "state.safetensors"

/** The version of the format that this package writes. */
const version = 1 as const

/** Manifests beyond this are refused before they are read. */
export const manifestLimit = 256 * 2 ** 20

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Manifest = Schema.toCodecJson(
  Schema.Struct({
    format: Schema.Literal("cotangent checkpoint"),
    version: Schema.Literal(version),
    packages: Schema.Record(Schema.String, Schema.String),
    step: Count,
    stopped: Schema.optionalKey(Schema.String),
    retries: Count,
    settings: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Number, Schema.Boolean])),
    callbacks: Schema.Record(Schema.String, Schema.Json),
    epochs: Epochs,
    files: Schema.Struct({ [tensorsName]: Schema.Struct({ bytes: Count, crc32: Count }) })
  })
)

const failed = (path: string, sentence: string): CheckpointError =>
  new CheckpointError({ path, message: `checkpoint ${path}: ${sentence}` })

/** A number in a callback's state that JSON would silently change. */
const lost = (json: Json): number | undefined => {
  if (typeof json === "number") return Number.isFinite(json) ? undefined : json
  if (typeof json !== "object" || json === null) return undefined
  for (const inner of Object.values<Json>(json)) {
    const found = lost(inner)
    if (found !== undefined) return found
  }
  return undefined
}

/** The files of a checkpoint; equal checkpoints give equal bytes. */
export const encode = (checkpoint: Checkpoint): Effect.Effect<CheckpointFiles, CheckpointError> =>
  Effect.gen(function* () {
    const { step, stopped, retries, settings, callbacks, history, tensors } = checkpoint
    for (const [name, state] of Object.entries(callbacks)) {
      const number = lost(state)
      if (number !== undefined)
        return yield* failed(
          `of step ${step}`,
          `the callback ${name} remembers ${number}, which JSON has not; use null`
        )
    }
    const bytes = Safetensors.encodeEntries(Object.entries(tensors).map(([path, leaf]) => ({ path, leaf })))
    const json = yield* Schema.encodeEffect(Manifest)({
      format: "cotangent checkpoint",
      version,
      packages: { "@cotangent/train": "0.1.0" },
      step,
      ...(stopped === undefined ? {} : { stopped }),
      retries,
      settings,
      callbacks,
      epochs: history.epochs,
      files: { [tensorsName]: { bytes: bytes.length, crc32: crc32(bytes) } }
    }).pipe(Effect.mapError((error) => failed(`of step ${step}`, error.message)))
    return { manifest: new TextEncoder().encode(`${JSON.stringify(json, null, 1)}\n`), tensors: bytes }
  })

const parsed = (path: string, bytes: Uint8Array) =>
  Effect.gen(function* () {
    if (bytes.length > manifestLimit)
      return yield* failed(path, `the manifest has ${bytes.length} bytes, more than a manifest has`)
    const text = yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      catch: () => failed(path, "the manifest is no UTF-8 text")
    })
    const json = yield* Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: () => failed(path, `the manifest is no JSON; ${bytes.length} bytes of it are there`)
    })
    const twice = duplicateKey(text)
    if (twice !== undefined) return yield* failed(path, `the manifest names ${twice} twice`)
    const found = typeof json === "object" && json !== null && "version" in json ? json.version : version
    if (found !== version)
      return yield* failed(path, `it has version ${String(found)}, this program reads version ${version}`)
    return yield* Schema.decodeUnknownEffect(Manifest)(json).pipe(
      Effect.mapError((error) =>
        failed(path, `the manifest does not read: ${error.message.replaceAll(/\s*\n\s*/g, " ")}`)
      )
    )
  })

/**
 * The checkpoint in two files, `path` being what errors call it. Fails with a CheckpointError when one of the files is not
 * whole, or holds what this package does not read; nothing is allocated on the word of a file.
 */
export const decode = (path: string, files: CheckpointFiles): Effect.Effect<Checkpoint, CheckpointError> =>
  Effect.gen(function* () {
    const manifest = yield* parsed(path, files.manifest)
    const { bytes, crc32: sum } = manifest.files[tensorsName]
    if (files.tensors.length !== bytes)
      return yield* failed(path, `${tensorsName} has ${files.tensors.length} bytes, ${bytes} were written`)
    if (crc32(files.tensors) !== sum) return yield* failed(path, `${tensorsName} is damaged: its checksum differs`)
    const { tensors } = yield* Safetensors.decode(files.tensors).pipe(
      Effect.mapError(({ message }) => failed(path, message))
    )
    const { step, stopped, retries, settings, callbacks, epochs } = manifest
    return {
      step,
      ...(stopped === undefined ? {} : { stopped }),
      retries,
      settings,
      callbacks,
      // The Schema says that every record has `epoch`, `loss` and other numbers, which is what a record is.
      history: { epochs: epochs as ReadonlyArray<EpochRecord> },
      tensors
    }
  })
