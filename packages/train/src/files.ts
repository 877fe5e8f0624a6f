/** Writing files whole or not at all. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"

/** A file could not be written. */
export class FileError extends Data.TaggedError("FileError")<{ readonly path: string; readonly message: string }> {}

const sentences: { readonly [Reason in PlatformError["reason"]["_tag"]]?: (folder: string) => string } = {
  NotFound: (folder) => `the folder ${folder} does not exist; make it first`,
  PermissionDenied: (folder) => `writing in the folder ${folder} is not permitted`
}

/** What the path of a folder runs into: the nearest thing that exists, if it is no folder. */
const obstacleOf = (folder: string): Effect.Effect<string | undefined, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    for (let at = paths.resolve(folder); ; at = paths.dirname(at)) {
      const found = yield* Effect.option(fs.stat(at))
      if (Option.isSome(found)) return found.value.type === "Directory" ? undefined : at
      if (paths.dirname(at) === at) return undefined
    }
  })

/** The sentence of a failed access to `path` in `folder`: what stands there is looked at again, to say what is wrong. */
const explain =
  (path: string, folder: string) =>
  (error: PlatformError): Effect.Effect<never, FileError, FileSystem.FileSystem | Path.Path> =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const obstacle = yield* obstacleOf(folder)
      const target = yield* Effect.option(fs.stat(path))
      const taken = path !== folder && Option.isSome(target) && target.value.type === "Directory"
      const reason =
        obstacle !== undefined
          ? `${obstacle} is a file, a folder is needed there: remove it or name another folder`
          : taken
            ? "a folder stands there: remove it or name another file"
            : (sentences[error.reason._tag]?.(folder) ?? error.reason.message)
      return yield* new FileError({ path, message: `cannot write ${path}: ${reason}` })
    })

/**
 * Writes `bytes` to `path` through a temporary file in the same folder that takes its name at the end: a reader sees the
 * old file or the new one, never a part, and a failure or an interruption leaves nothing behind.
 */
export const writeAtomic = (
  path: string,
  bytes: Uint8Array
): Effect.Effect<void, FileError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.dirname(path)
    const temporary = paths.join(folder, `.${paths.basename(path)}.${process.pid}.tmp`)
    yield* fs.writeFile(temporary, bytes).pipe(
      Effect.andThen(fs.rename(temporary, path)),
      Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true }))),
      Effect.uninterruptible,
      Effect.catch(explain(path, folder))
    )
  })

/** Makes a folder and its missing ancestors, one by one: the recursive form of the file system does not end on some paths. */
const makeFolder = (folder: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const missing: Array<string> = []
    for (let at = paths.resolve(folder); !(yield* fs.exists(at)); at = paths.dirname(at)) missing.push(at)
    for (const each of missing.reverse())
      // Another fiber, or process, may make the same ancestor meanwhile.
      yield* Effect.catch(fs.makeDirectory(each), (error) =>
        error.reason._tag === "AlreadyExists" ? Effect.void : Effect.fail(error)
      )
  })

/** Makes a folder if it is missing and checks that files can be written in it, before a long run depends on it. */
export const prepareFolder = (folder: string): Effect.Effect<void, FileError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const probe = paths.join(folder, `.probe.${process.pid}.tmp`)
    yield* makeFolder(folder).pipe(
      Effect.andThen(fs.writeFile(probe, new Uint8Array(0))),
      Effect.andThen(fs.remove(probe)),
      Effect.catch(explain(folder, folder))
    )
  })
