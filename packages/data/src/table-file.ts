/** Reads the bytes of a text file, decompressed where it is gzip, as valid UTF-8. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import { isUtf8 } from "node:buffer"
import type { DataError } from "./data-error.ts"
import { readBytes, unreadable } from "./readers/bytes.ts"

/** What to say of a file that is not text. */
export const notText = "the file is not UTF-8 text; convert it first"

/**
 * The bytes of the text in a file. A file is gzip if it begins like one, whatever its name.
 * Fails with a `DataError`: `missing`, or `unreadable` (no permission, broken gzip, not UTF-8).
 */
export const readText = (path: string): Effect.Effect<Uint8Array, DataError, FileSystem.FileSystem> =>
  Effect.flatMap(readBytes(path), (text) =>
    isUtf8(text) ? Effect.succeed(text) : Effect.fail(unreadable(path, notText))
  )
