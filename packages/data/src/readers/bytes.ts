/** The bytes of files, all at once or piece by piece, decompressed where they are gzip. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Stream from "effect/Stream"
import { Readable } from "node:stream"
import { pipeline } from "node:stream"
import { createGunzip, gunzip } from "node:zlib"
import { DataError } from "../data-error.ts"
import { refusalOf } from "../refusal.ts"

/** A `DataError` about a file that is there but cannot be read. */
export const unreadable = (source: string, sentence: string): DataError =>
  new DataError({ source, kind: "unreadable", problems: [{ sentence }] })

/** What the file system says, as a `DataError`. */
export const fromPlatform = (source: string, error: PlatformError): DataError =>
  error.reason._tag === "NotFound"
    ? new DataError({
        source,
        kind: "missing",
        problems: [
          { sentence: "there is no such file; check the path, which is relative to where the program was started" }
        ]
      })
    : unreadable(source, `the file cannot be read: ${refusalOf(error)}`)

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const brokenGzip = (source: string, error: Error): DataError =>
  unreadable(source, `the gzip data cannot be decompressed: ${error.message}`)

/** The most that a file read in one piece may decompress to, unless said otherwise: 1 GiB. */
const decompressed = 2 ** 30

const decompress = (source: string, bytes: Uint8Array, limit: number): Effect.Effect<Uint8Array, DataError> =>
  Effect.callback((resume) => {
    gunzip(bytes, { maxOutputLength: limit }, (error, text) =>
      resume(
        error === null
          ? Effect.succeed(text)
          : Effect.fail(
              "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
                ? unreadable(source, `the gzip data decompresses to more than ${limit} bytes; read it as a stream`)
                : brokenGzip(source, error)
            )
      )
    )
  })

/**
 * All bytes of a file. A file is gzip if it begins like one, whatever its name, and may decompress to `limit` bytes.
 * Fails with a `DataError`: `missing`, or `unreadable`.
 */
export const readBytes = (
  path: string,
  limit = decompressed
): Effect.Effect<Uint8Array, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* Effect.mapError(fs.readFile(path), (error) => fromPlatform(path, error))
    if (isGzip(bytes)) return yield* decompress(path, bytes, limit)
    return path.endsWith(".gz") ? yield* unreadable(path, "the name ends in .gz, but the file is not gzip") : bytes
  })

/**
 * The bytes of a file in pieces of up to `chunkSize`, each read when it is asked for, so that a slow consumer holds one
 * piece and no more. Gzip is decompressed on the way. Fails as `readBytes` does.
 */
export const streamBytes = (
  path: string,
  chunkSize = 2 ** 18
): Stream.Stream<Uint8Array, DataError, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const read = (options?: { readonly bytesToRead: number }) =>
        Stream.mapError(fs.stream(path, { chunkSize, ...options }), (error) => fromPlatform(path, error))
      const start = Option.getOrElse(yield* Stream.runHead(read({ bytesToRead: 2 })), () => new Uint8Array())
      if (!isGzip(start)) {
        if (path.endsWith(".gz")) return yield* unreadable(path, "the name ends in .gz, but the file is not gzip")
        return read()
      }
      return gunzipped(path, read(), chunkSize)
    })
  )

const gunzipped = (
  path: string,
  compressed: Stream.Stream<Uint8Array, DataError>,
  chunkSize: number
): Stream.Stream<Uint8Array, DataError> =>
  Stream.suspend(() => {
    // Node's streams hold two pieces on each side, and wait until those are taken.
    const options = { highWaterMark: 1 }
    const text = createGunzip({ chunkSize })
    pipeline(Readable.from(Stream.toAsyncIterable(compressed), options), text, () => undefined)
    return Stream.fromAsyncIterable<Uint8Array, DataError>(text, (error) =>
      error instanceof DataError ? error : brokenGzip(path, error instanceof Error ? error : new Error(String(error)))
    )
  })
