/** Where checkpoints are kept: in a folder, or in memory. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { refusalOf } from "@cotangent/data"
import {
  type Checkpoint,
  type CheckpointFiles,
  decode,
  encode,
  manifestLimit,
  manifestName,
  tensorsName
} from "./checkpoint.ts"
import { CheckpointError } from "./errors.ts"
import { type FileError, prepareFolder } from "./files.ts"

/** A place for checkpoints. What a run needs of it is that `save` replaces the last one whole or not at all. */
export interface CheckpointStore {
  readonly save: (checkpoint: Checkpoint) => Effect.Effect<void, CheckpointError>
  /** The checkpoint that was saved last; `undefined` when there is none. */
  readonly latest: Effect.Effect<Checkpoint | undefined, CheckpointError>
}

/** Checkpoints in memory, as bytes: for tests, and for hosts without files. */
export const memory = (): CheckpointStore => {
  let last: CheckpointFiles | undefined
  return {
    save: (checkpoint) =>
      Effect.map(encode(checkpoint), (files) => {
        last = files
      }),
    latest: Effect.suspend(() => (last === undefined ? Effect.succeed(undefined) : decode("in memory", last)))
  }
}

/** How a folder of checkpoints is kept. */
export interface FolderOptions {
  /** How many checkpoints stay, 2 unless given: the last, and one to fall back on should a disk damage it. */
  readonly keep?: number
}

type World = FileSystem.FileSystem | Path.Path

const failed = (path: string, sentence: string): CheckpointError =>
  new CheckpointError({ path, message: `checkpoint ${path}: ${sentence}` })

const platform =
  (path: string) =>
  (error: PlatformError): CheckpointError =>
    failed(path, refusalOf(error))

const numberOf = (name: string): number => Number(/^checkpoint-(\d+)$/.exec(name)?.[1] ?? -1)
const isLeftover = (name: string): boolean => /^\.checkpoint-\d+\.\d+\.(tmp|old)$/.test(name)

/** Numbers of the checkpoints in a folder, newest first. */
const numbersIn = (folder: string): Effect.Effect<ReadonlyArray<number>, PlatformError, FileSystem.FileSystem> =>
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readDirectory(folder)),
    (names) =>
      names
        .map(numberOf)
        .filter((n) => n >= 0)
        .toSorted((a, b) => b - a)
  )

/** Puts what was written to a file or a folder on the disk. Some hosts cannot open folders: there the rename must do. */
const sync = (path: string): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.ignore(
    Effect.scoped(
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const file = yield* fs.open(path, { flag: "r" })
        yield* file.sync
      })
    )
  )

const writeSynced = (path: string, bytes: Uint8Array): Effect.Effect<void, PlatformError, FileSystem.FileSystem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(path, { flag: "wx" })
      yield* file.writeAll(bytes)
      yield* file.sync
    })
  )

/** Takes a folder away: first its name, so that nobody sees a part of it. */
const discard = (folder: string, name: string): Effect.Effect<void, PlatformError, World> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const hidden = paths.join(folder, `.${name}.${process.pid}.old`)
    yield* fs.rename(paths.join(folder, name), hidden)
    yield* fs.remove(hidden, { recursive: true, force: true })
  })

/** What processes that were killed have left. */
const tidy = (folder: string): Effect.Effect<void, PlatformError, World> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    for (const name of yield* fs.readDirectory(folder))
      if (isLeftover(name)) yield* fs.remove(paths.join(folder, name), { recursive: true, force: true })
  })

const saveIn = (folder: string, keep: number, { manifest, tensors }: CheckpointFiles) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const before = yield* numbersIn(folder)
    const name = `checkpoint-${String((before[0] ?? 0) + 1).padStart(6, "0")}`
    const temporary = paths.join(folder, `.${name}.${process.pid}.tmp`)
    yield* fs.makeDirectory(temporary)
    yield* writeSynced(paths.join(temporary, tensorsName), tensors)
    yield* writeSynced(paths.join(temporary, manifestName), manifest)
    yield* sync(temporary)
    yield* fs.rename(temporary, paths.join(folder, name))
    yield* sync(folder)
    for (const old of before.slice(keep - 1))
      yield* Effect.ignore(discard(folder, `checkpoint-${String(old).padStart(6, "0")}`))
  })

/** Reads a checkpoint folder; the sizes of its files are looked at before they are read. */
export const readFolder = (folder: string): Effect.Effect<Checkpoint, CheckpointError, World> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const manifest = paths.join(folder, manifestName)
    const info = yield* fs.stat(manifest)
    if (Number(info.size) > manifestLimit)
      return yield* failed(folder, `${manifestName} has ${info.size} bytes, more than a manifest has`)
    const files = {
      manifest: yield* fs.readFile(manifest),
      tensors: yield* fs.readFile(paths.join(folder, tensorsName))
    }
    return yield* decode(folder, files)
  }).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(platform(folder)(error))))

/** The newest checkpoint that is whole; damaged ones are told of and passed over. */
const latestIn = (folder: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const problems: Array<CheckpointError> = []
    for (const number of yield* Effect.mapError(numbersIn(folder), platform(folder))) {
      const path = paths.join(folder, `checkpoint-${String(number).padStart(6, "0")}`)
      const read = yield* Effect.result(readFolder(path))
      if (read._tag === "Success") {
        for (const { message } of problems) yield* Effect.logWarning(`${message}; going on from ${path}`)
        return read.success
      }
      problems.push(read.failure)
    }
    const [first] = problems
    return first === undefined ? undefined : yield* first
  })

/**
 * Checkpoints in a folder, which is made if it is missing. Each is a folder `checkpoint-000012` of its own: written under
 * another name, put on the disk, and renamed, the one before it kept until then. Whenever the process or the machine stops,
 * the last whole checkpoint is there. One run at a time may write to a folder.
 *
 * ```ts
 * const store = Checkpoints.folder("runs/digits", { keep: 3 })
 * ```
 *
 * Fails with a FileError when the folder cannot be made or written in.
 */
export const folder = (
  path: string,
  { keep = 2 }: FolderOptions = {}
): Effect.Effect<CheckpointStore, FileError | CheckpointError, World> =>
  Effect.gen(function* () {
    if (!Number.isInteger(keep) || keep < 1)
      return yield* new CheckpointError({
        path,
        message: `checkpoints: keep is ${keep}; a whole number of 1 or more is needed`
      })
    yield* prepareFolder(path)
    yield* Effect.mapError(tidy(path), platform(path))
    const world = yield* Effect.context<World>()
    return {
      save: (checkpoint) =>
        Effect.flatMap(encode(checkpoint), (files) => saveIn(path, keep, files)).pipe(
          Effect.catchTag("PlatformError", (error) => Effect.fail(platform(path)(error))),
          Effect.onError(() => Effect.ignore(tidy(path))),
          Effect.uninterruptible,
          Effect.provideContext(world)
        ),
      latest: Effect.provideContext(latestIn(path), world)
    }
  })
