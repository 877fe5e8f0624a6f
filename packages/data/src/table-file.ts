/** Reads the bytes of a text file, decompressed where it is gzip, as valid UTF-8. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import { isUtf8 } from "node:buffer"
import { gunzip } from "node:zlib"
import { DataError } from "./data-error.ts"

const unreadable = (source: string, sentence: string): DataError =>
  new DataError({ source, kind: "unreadable", problems: [{ sentence }] })

const fromPlatform = (source: string, error: PlatformError): DataError =>
  error.reason._tag === "NotFound"
    ? new DataError({
        source,
        kind: "missing",
        problems: [
          { sentence: "there is no such file; check the path, which is relative to where the program was started" }
        ]
      })
    : unreadable(source, `the file cannot be read: ${error.reason.message}`)

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const decompress = (source: string, bytes: Uint8Array): Effect.Effect<Uint8Array, DataError> =>
  Effect.callback((resume) => {
    gunzip(bytes, (error, text) =>
      resume(
        error === null
          ? Effect.succeed(text)
          : Effect.fail(unreadable(source, `the gzip data cannot be decompressed: ${error.message}`))
      )
    )
  })

/**
 * The bytes of the text in a file. A file is gzip if it begins like one, whatever its name.
 * Fails with a `DataError`: `missing`, or `unreadable` (no permission, broken gzip, not UTF-8).
 */
export const readText = (path: string): Effect.Effect<Uint8Array, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* Effect.mapError(fs.readFile(path), (error) => fromPlatform(path, error))
    if (path.endsWith(".gz") && !isGzip(bytes))
      return yield* unreadable(path, "the name ends in .gz, but the file is not gzip")
    const text = isGzip(bytes) ? yield* decompress(path, bytes) : bytes
    return isUtf8(text) ? text : yield* unreadable(path, "the file is not UTF-8 text; convert it first")
  })
