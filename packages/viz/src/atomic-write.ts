/** Writes a file whole or not at all. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { VizError } from "./viz-error.ts"

const sentences: { readonly [Reason in PlatformError["reason"]["_tag"]]?: (folder: string) => string } = {
  NotFound: (folder) => `the folder ${folder} does not exist; make it first`,
  PermissionDenied: (folder) => `writing in the folder ${folder} is not permitted`
}

const toVizError =
  (path: string, folder: string) =>
  (error: PlatformError): VizError => {
    const sentence = sentences[error.reason._tag]?.(folder) ?? error.reason.message
    return new VizError({ kind: "file", message: `viz: cannot write ${path}: ${sentence}` })
  }

/**
 * Writes `bytes` to `path` through a temporary file in the same folder that takes its name at the end, so that a reader
 * sees the old file or the new one, never a part, and nothing is left behind by a failure or an interruption.
 * Fails with a `VizError` when the folder is missing or may not be written.
 */
export const writeFileAtomic = (
  path: string,
  bytes: Uint8Array
): Effect.Effect<void, VizError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.dirname(path)
    const temporary = paths.join(folder, `.${paths.basename(path)}.${process.pid}.tmp`)
    yield* fs.writeFile(temporary, bytes).pipe(
      Effect.andThen(fs.rename(temporary, path)),
      Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true }))),
      Effect.uninterruptible,
      Effect.mapError(toVizError(path, folder))
    )
  })
