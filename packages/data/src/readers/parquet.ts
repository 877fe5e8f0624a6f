/** Reads Parquet files into tables whose rows are typed by a Schema, by the package `hyparquet`, if it is installed. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib"
import { DataError } from "../data-error.ts"
import { decodeRows, type RowSchema, tableOf } from "../table/decode.ts"
import type { Row, Table } from "../table/table.ts"
import { fromPlatform, unreadable } from "./bytes.ts"

/** How a Parquet file is read. */
export interface ParquetOptions {
  /** The columns to read; all by default. */
  readonly columns?: ReadonlyArray<string>
  /** The name of the table; the path by default. */
  readonly name?: string
  /** How many problems are collected before reading stops; 100 by default. */
  readonly maxProblems?: number
  /** How `hyparquet` is imported; another one for other places. */
  readonly load?: () => Promise<Hyparquet>
}

/** What is used of `hyparquet`. */
export interface Hyparquet {
  readonly parquetMetadataAsync: (file: AsyncBuffer) => Promise<Metadata>
  readonly parquetReadObjects: (options: {
    readonly file: AsyncBuffer
    readonly metadata: Metadata
    readonly rowStart: number
    readonly rowEnd: number
    readonly columns?: Array<string>
    readonly compressors: typeof compressors
  }) => Promise<Array<Record<string, unknown>>>
}

/** A file of which parts are read. */
interface AsyncBuffer {
  byteLength: number
  slice: (start: number, end?: number) => Promise<ArrayBuffer>
}

interface Metadata {
  readonly row_groups: ReadonlyArray<{ readonly num_rows: bigint }>
}

/** What Node decompresses beside hyparquet's Snappy, never to more than was announced. */
const compressors = {
  GZIP: (input: Uint8Array, size: number): Uint8Array => gunzipSync(input, { maxOutputLength: size }),
  BROTLI: (input: Uint8Array, size: number): Uint8Array => brotliDecompressSync(input, { maxOutputLength: size }),
  ZSTD: (input: Uint8Array, size: number): Uint8Array => zstdDecompressSync(input, { maxOutputLength: size })
}

const message = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const library = (source: string, load: () => Promise<Hyparquet>): Effect.Effect<Hyparquet, DataError> =>
  Effect.tryPromise({
    try: load,
    catch: () =>
      unreadable(
        source,
        "reading Parquet needs the package hyparquet, which is not installed; run `npm install hyparquet`"
      )
  })

// The parts of hyparquet that are used have these types; its own name metadata in full.
const importLibrary = () => import("hyparquet") as Promise<unknown> as Promise<Hyparquet>

const openFile = (path: string): Effect.Effect<AsyncBuffer, DataError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* fs.open(path)
    const byteLength = Number((yield* file.stat).size)
    return {
      byteLength,
      slice: (start: number, end = byteLength) =>
        Effect.runPromise(
          Effect.map(readPart(file, start, end - start), (bytes) => {
            const copy = new ArrayBuffer(bytes.length)
            new Uint8Array(copy).set(bytes)
            return copy
          })
        )
    }
  }).pipe(Effect.mapError((error) => fromPlatform(path, error)))

const readPart = (file: FileSystem.File, start: number, length: number) =>
  Effect.gen(function* () {
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const read = yield* file.read(bytes.subarray(filled), { position: BigInt(start + filled) })
      if (read === 0) break
      filled += Number(read)
    }
    return bytes.subarray(0, filled)
  })

/** 64-bit numbers that are exact become numbers, and what is not there null. */
const plain = (value: unknown): unknown =>
  value === undefined ? null : typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value

interface Group<R extends Row> {
  readonly rows: ReadonlyArray<R>
  readonly problems: DataError["problems"] | readonly []
}

/** The rows of one row group after the other. */
const groups = <R extends Row>(
  path: string,
  schema: RowSchema<R>,
  { columns, load = importLibrary, maxProblems = 100 }: ParquetOptions
): Stream.Stream<Group<R>, DataError, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const hyparquet = yield* library(path, load)
      const file = yield* openFile(path)
      const damaged = (thrown: unknown) => unreadable(path, `the Parquet file cannot be read: ${message(thrown)}`)
      const metadata = yield* Effect.tryPromise({ try: () => hyparquet.parquetMetadataAsync(file), catch: damaged })
      let start = 0
      const ranges = metadata.row_groups.map(({ num_rows }) => {
        const rowStart = start
        start += Number(num_rows)
        return { rowStart, rowEnd: start }
      })
      return Stream.mapEffect(Stream.fromIterable(ranges, { chunkSize: 1 }), ({ rowEnd, rowStart }) =>
        Effect.tryPromise({
          try: () =>
            hyparquet.parquetReadObjects({
              file,
              metadata,
              rowStart,
              rowEnd,
              compressors,
              ...(columns === undefined ? {} : { columns: [...columns] })
            }),
          catch: damaged
        }).pipe(
          Effect.map((objects): Group<R> => {
            const values = objects.map((object, i) => ({
              value: Object.fromEntries(Object.entries(object).map(([name, value]) => [name, plain(value)])),
              row: rowStart + i
            }))
            const { problems, rows } = decodeRows(values, schema, maxProblems)
            const [first, ...rest] = problems
            return { rows, problems: first === undefined ? [] : [first, ...rest] }
          })
        )
      )
    })
  )

/**
 * Reads a Parquet file: `Parquet.table("trips.parquet", Schema.Struct({ distance: Schema.Finite }))`. Whole numbers of 64
 * bits are numbers where they are exact, timestamps are `Date`, and missing cells null. Snappy, gzip, Brotli and zstd.
 * Needs the package `hyparquet` beside this one. Fails with a `DataError` that lists rows that do not fit the Schema.
 */
export const table = <R extends Row>(
  path: string,
  schema: RowSchema<R>,
  options: ParquetOptions = {}
): Effect.Effect<Table<R>, DataError, FileSystem.FileSystem> =>
  Effect.flatMap(Stream.runCollect(groups(path, schema, options)), (all) =>
    Effect.fromResult(
      tableOf(path, options.name ?? path, {
        rows: all.flatMap(({ rows }) => rows),
        problems: all.flatMap(({ problems }) => problems).slice(0, options.maxProblems ?? 100)
      })
    )
  )

/** As `table`, as a stream of one table per row group, each read when it is asked for. */
export const stream = <R extends Row>(
  path: string,
  schema: RowSchema<R>,
  options: ParquetOptions = {}
): Stream.Stream<Table<R>, DataError, FileSystem.FileSystem> =>
  Stream.mapEffect(groups(path, schema, options), (group) =>
    Effect.fromResult(tableOf(path, options.name ?? path, group))
  )
