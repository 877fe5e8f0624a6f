/** Reads JSON into tables whose rows are typed by a Schema: an array of objects, or an object per line. */
import { isUtf8 } from "node:buffer"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { DataError, Problem } from "../data-error.ts"
import { decodeRows, failure, NotJson, type RowSchema, tableOf } from "../table/decode.ts"
import type { Row, Table } from "../table/table.ts"
import { notText, readText } from "../table-file.ts"
import { streamBytes } from "./bytes.ts"
import { type Block, recordBlocks } from "./blocks.ts"

/** How JSON is read. */
export interface JsonOptions {
  /** The name of the table; the path by default. */
  readonly name?: string
  /** How many problems are collected before reading stops; 100 by default. */
  readonly maxProblems?: number
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    return new NotJson(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** Reads an array of objects that is already here; `source` is what problems call it. */
export const parse = <R extends Row>(
  source: string,
  text: string,
  schema: RowSchema<R>,
  options: JsonOptions = {}
): Result.Result<Table<R>, DataError> => {
  const value = parsed(text)
  if (value instanceof NotJson) return failure(source, "malformed", { sentence: value.sentence })
  if (!Array.isArray(value))
    return failure(source, "malformed", {
      sentence: "the file is JSON, but not an array of objects, one per row; for one object per line use Json.lines"
    })
  const rows = value.map((each: unknown, row) => ({ value: each, row }))
  return tableOf(source, options.name ?? source, decodeRows(rows, schema, options.maxProblems ?? 100))
}

/**
 * Reads a JSON file, plain or gzip, that has an array of objects, one per row. Keys that some objects leave out and the
 * Schema allows to be left out are missing cells. Fails with a `DataError` that lists rows, counted from 0, that do not
 * fit the Schema.
 */
export const table = <R extends Row>(
  path: string,
  schema: RowSchema<R>,
  options?: JsonOptions
): Effect.Effect<Table<R>, DataError, FileSystem.FileSystem> =>
  Effect.flatMap(readText(path), (text) =>
    Effect.fromResult(parse(path, new TextDecoder().decode(text), schema, options))
  )

const linesOf = ({ bytes, line }: Block) =>
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .flatMap((text, i) => (text.trim() === "" ? [] : [{ value: parsed(text), line: line + i }]))

const decodeBlock = <R extends Row>(block: Block, schema: RowSchema<R>, limit: number) =>
  isUtf8(block.bytes)
    ? decodeRows(linesOf(block), schema, limit)
    : { rows: [], problems: [{ line: block.line, sentence: notText }] }

/** Reads a file of one JSON object per line, plain or gzip. Fails as `table` does, with line numbers. */
export const lines = <R extends Row>(
  path: string,
  schema: RowSchema<R>,
  options: JsonOptions = {}
): Effect.Effect<Table<R>, DataError, FileSystem.FileSystem> =>
  Effect.suspend(() => {
    const limit = options.maxProblems ?? 100
    const rows: Array<R> = []
    const problems: Array<Problem> = []
    return Stream.runForEachWhile(recordBlocks(path, false)(streamBytes(path)), (block) =>
      Effect.sync(() => {
        const found = decodeBlock(block, schema, limit - problems.length)
        for (const row of found.rows) rows.push(row)
        problems.push(...found.problems)
        return problems.length < limit
      })
    ).pipe(
      Effect.andThen(Effect.suspend(() => Effect.fromResult(tableOf(path, options.name ?? path, { problems, rows }))))
    )
  })

/** As `lines`, as a stream of tables of about a megabyte of text each. Fails at the first piece that has problems. */
export const streamLines = <R extends Row>(
  path: string,
  schema: RowSchema<R>,
  options: JsonOptions = {}
): Stream.Stream<Table<R>, DataError, FileSystem.FileSystem> =>
  Stream.mapEffect(recordBlocks(path, false)(streamBytes(path)), (block) => {
    const found = decodeBlock(block, schema, options.maxProblems ?? 100)
    return found.rows.length + found.problems.length === 0
      ? Effect.succeed(undefined)
      : Effect.fromResult(tableOf(path, options.name ?? path, found))
  }).pipe(Stream.filter((part) => part !== undefined))
