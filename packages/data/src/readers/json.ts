/** Reads JSON into tables whose rows are typed by a Schema: an array of objects, or an object per line. */
import { isUtf8 } from "node:buffer"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { DataError, type Problem } from "../data-error.ts"
import { issuesOf } from "../table/issues.ts"
import { fromRows, type Row, type Table } from "../table/table.ts"
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

/** A Schema of a row. */
export type RowSchema<R extends Row> = Schema.Codec<R, unknown>

const failure = (source: string, kind: DataError["kind"], first: Problem, ...rest: ReadonlyArray<Problem>) =>
  Result.fail(new DataError({ source, kind, problems: [first, ...rest] }))

const parsed = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (thrown) {
    return Result.fail(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** Rows and problems from values, each with its place. */
const decodeRows = <R extends Row>(
  values: Iterable<{ readonly value: Result.Result<unknown, string>; readonly line?: number; readonly row?: number }>,
  schema: RowSchema<R>,
  limit: number
): { readonly rows: ReadonlyArray<R>; readonly problems: ReadonlyArray<Problem> } => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all" })
  const rows: Array<R> = []
  const problems: Array<Problem> = []
  for (const { line, row, value } of values) {
    const place = line === undefined ? {} : { line }
    const which = row === undefined ? "" : `row ${row}: `
    if (Result.isFailure(value)) problems.push({ ...place, sentence: `${which}this is not JSON: ${value.failure}` })
    else {
      const decoded = decode(value.success)
      if (Result.isSuccess(decoded)) rows.push(decoded.success)
      else
        for (const sentence of issuesOf(decoded.failure, value.success))
          problems.push({ ...place, sentence: `${which}${sentence}` })
    }
    if (problems.length >= limit) break
  }
  return { rows, problems }
}

const finished = <R extends Row>(
  source: string,
  name: string,
  { problems, rows }: ReturnType<typeof decodeRows<R>>
): Result.Result<Table<R>, DataError> => {
  const [first, ...rest] = problems
  if (first !== undefined) return failure(source, "malformed", first, ...rest)
  return rows.length === 0
    ? failure(source, "empty", { sentence: "there are no rows" })
    : Result.succeed(fromRows(withAllKeys(rows), name))
}

/** Keys that some rows leave out are missing cells of theirs. */
const withAllKeys = <R extends Row>(rows: ReadonlyArray<R>): ReadonlyArray<R> => {
  const names = new Set(rows.flatMap((row) => Object.keys(row)))
  const none = Object.fromEntries(Array.from(names, (name) => [name, undefined]))
  return rows.every((row) => Object.keys(row).length === names.size) ? rows : rows.map((row) => ({ ...none, ...row }))
}

/** Reads an array of objects that is already here; `source` is what problems call it. */
export const parse = <R extends Row>(
  source: string,
  text: string,
  schema: RowSchema<R>,
  options: JsonOptions = {}
): Result.Result<Table<R>, DataError> => {
  const value = parsed(text)
  if (Result.isFailure(value)) return failure(source, "malformed", { sentence: `this is not JSON: ${value.failure}` })
  if (!Array.isArray(value.success))
    return failure(source, "malformed", {
      sentence: "the file is JSON, but not an array of objects, one per row; for one object per line use Json.lines"
    })
  const rows = value.success.map((each: unknown, row) => ({ value: Result.succeed(each), row }))
  return finished(source, options.name ?? source, decodeRows(rows, schema, options.maxProblems ?? 100))
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
      Effect.andThen(Effect.suspend(() => Effect.fromResult(finished(path, options.name ?? path, { problems, rows }))))
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
      : Effect.fromResult(finished(path, options.name ?? path, found))
  }).pipe(Stream.filter((part) => part !== undefined))
