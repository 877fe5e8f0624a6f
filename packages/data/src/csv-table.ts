/** Reads CSV text into tables whose rows are typed by a Schema, whole or as a stream of tables. */
import { isUtf8 } from "node:buffer"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { csvRows, type Row } from "./csv-rows.ts"
import { DataError, type Problem } from "./data-error.ts"
import { streamBytes } from "./readers/bytes.ts"
import { type Block, recordBlocks } from "./readers/blocks.ts"
import { type CellCodec, type ReadCell, readerOf, Refusal } from "./table/cell.ts"
import type { Table } from "./table/table.ts"
import { notText } from "./table-file.ts"

/** A Schema of each column, by name. */
export type CellCodecs = Readonly<Record<string, CellCodec<never> | CellCodec>>

/** The rows that Schemas of columns give. */
export type TableRow<F extends CellCodecs> = { readonly [K in keyof F]: F[K]["Type"] }

/** How a CSV table is read. */
export interface TableOptions {
  /**
   * Whether the first line has the names of the columns; true by default. Without it the columns are those of the
   * Schema, in its order, and there may be no others.
   */
  readonly header?: boolean
  /** What separates cells; a comma by default. */
  readonly delimiter?: string
  /** The name of the table; the path by default. */
  readonly name?: string
  /** How many problems are collected before reading stops; 100 by default. */
  readonly maxProblems?: number
}

/** Reads the columns of blocks, one block after the other. */
interface BlockReader {
  readonly read: (block: Block) => {
    readonly columns: Readonly<Record<string, ReadonlyArray<unknown>>>
    readonly size: number
    readonly problems: ReadonlyArray<Problem>
  }
  /** What is wrong with the text as a whole, when all of it was read. */
  readonly end: () => DataError | undefined
}

interface Column {
  readonly name: string
  readonly at: number
  readonly read: ReadCell
}

const quoted = (name: string): string => JSON.stringify(name)

/** The columns of the schema in a header, or sentences about those that are not there. */
const columnsIn = (fields: CellCodecs, names: ReadonlyArray<string>): ReadonlyArray<Column | string> =>
  Object.entries(fields).map(([name, codec]): Column | string => {
    const at = names.indexOf(name)
    if (at < 0) return `there is no column ${quoted(name)}; the columns are ${names.map(quoted).join(", ")}`
    if (names.lastIndexOf(name) !== at) return `two columns are called ${quoted(name)}; rename one of them`
    // Which type a column has is for the caller; here it is any.
    return { name, at, read: readerOf(codec as CellCodec) }
  })

const makeReader = (source: string, schema: AnyRowSchema, options: TableOptions): BlockReader => {
  const { delimiter = ",", header = true } = options
  const { fields } = schema
  let columns: ReadonlyArray<Column> | undefined
  let width = Object.keys(fields).length
  let trailing: ReadonlyArray<Problem> = []
  let rowsSeen = 0
  let headerSeen = !header
  const check = schema.ast.checks === undefined ? undefined : Schema.decodeUnknownResult(Schema.toType(schema))

  const readHeader = (first: Row, problems: Array<Problem>): void => {
    headerSeen = true
    width = first.cells.length
    const found = columnsIn(fields, first.cells)
    for (const each of found) if (typeof each === "string") problems.push({ line: first.line, sentence: each })
    columns = found.filter((each) => typeof each !== "string")
  }

  return {
    read: ({ bytes, line }) => {
      const none = { columns: {}, size: 0 }
      if (!isUtf8(bytes)) return { ...none, problems: [{ line, sentence: notText }] }
      const found = csvRows(bytes, delimiter, line - 1)
      const problems: Array<Problem> = found.rows.length > 0 ? [...trailing, ...found.problems] : [...found.problems]
      trailing = found.rows.length > 0 ? found.trailing : [...trailing, ...found.trailing]
      const [first] = found.rows
      const namesHere = !headerSeen && first !== undefined
      if (namesHere) readHeader(first, problems)
      columns ??= Object.entries(fields).map(([name, codec], at) => ({
        name,
        at,
        // As in `columnsIn`.
        read: readerOf(codec as CellCodec)
      }))
      const rows = wholeRows(namesHere ? found.rows.slice(1) : found.rows, width, header, problems)
      const cells = Object.fromEntries(columns.map((column) => [column.name, readCells(rows, column, problems)]))
      rowsSeen += rows.length
      if (check !== undefined && problems.length === 0) checkRows(rows, columns, cells, check, problems)
      return { columns: cells, size: rows.length, problems }
    },
    end: () =>
      rowsSeen > 0
        ? undefined
        : new DataError({
            source,
            kind: "empty",
            problems: [
              {
                sentence: header && headerSeen ? "the file has a line of column names and no rows" : "the file is empty"
              }
            ]
          })
  }
}

/** The rows that have as many cells as there are columns. */
const wholeRows = (
  rows: ReadonlyArray<Row>,
  width: number,
  header: boolean,
  problems: Array<Problem>
): ReadonlyArray<Row> => {
  const expected = header ? `the line of column names has ${width}` : `the Schema has ${width} columns`
  const bad = rows.filter(({ cells }) => cells.length !== width)
  for (const { cells, line } of bad) problems.push({ line, sentence: `the row has ${cells.length} cells, ${expected}` })
  return bad.length === 0 ? rows : rows.filter(({ cells }) => cells.length === width)
}

/** The cells of one column. */
const readCells = (
  rows: ReadonlyArray<Row>,
  { at, name, read }: Column,
  problems: Array<Problem>
): ReadonlyArray<unknown> =>
  rows.map(({ cells, line }) => {
    const cell = cells[at] ?? ""
    const value = read(cell)
    if (value instanceof Refusal)
      problems.push({ line, column: at + 1, found: cell, sentence: `${value.sentence} (${name})` })
    return value
  })

/** Rules of the Schema about whole rows. */
const checkRows = (
  rows: ReadonlyArray<Row>,
  columns: ReadonlyArray<Column>,
  cells: Readonly<Record<string, ReadonlyArray<unknown>>>,
  check: (row: unknown) => Result.Result<unknown, Schema.SchemaError>,
  problems: Array<Problem>
): void => {
  rows.forEach(({ line }, i) => {
    const checked = check(Object.fromEntries(columns.map(({ name }) => [name, cells[name]?.[i]])))
    if (Result.isFailure(checked)) problems.push({ line, sentence: checked.failure.message })
  })
}

/** Any Schema of a row. */
export type AnyRowSchema = Schema.Struct<CellCodecs & Schema.Struct.Fields>

const malformed = (source: string, problems: ReadonlyArray<Problem>): DataError | undefined => {
  const [first, ...rest] = problems.toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  )
  return first === undefined ? undefined : new DataError({ source, kind: "malformed", problems: [first, ...rest] })
}

/** Collects the columns of all blocks into one table. */
class Collector {
  readonly columns: Record<string, Array<unknown>> = {}
  readonly problems: Array<Problem> = []
  size = 0
  readonly limit: number
  constructor(limit: number) {
    this.limit = limit
  }
  /** Takes what a block has; gives whether reading goes on. */
  add(part: ReturnType<BlockReader["read"]>): boolean {
    this.problems.push(...part.problems.slice(0, this.limit - this.problems.length))
    if (this.problems.length === 0) {
      for (const [name, cells] of Object.entries(part.columns)) {
        const all = (this.columns[name] ??= [])
        for (const cell of cells) all.push(cell)
      }
      this.size += part.size
    }
    return this.problems.length < this.limit
  }
  result(source: string, name: string, reader: BlockReader): Result.Result<Table<never>, DataError> {
    const error = malformed(source, this.problems) ?? reader.end()
    // The columns were read by the Schema, whose type the caller has.
    return error === undefined
      ? Result.succeed({ name, size: this.size, columns: this.columns as Table<never>["columns"] })
      : Result.fail(error)
  }
}

/** Reads CSV text that is already here; `source` is what problems call it. */
export const parseTable = (
  source: string,
  text: string | Uint8Array,
  schema: AnyRowSchema,
  options: TableOptions = {}
): Result.Result<Table<never>, DataError> => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  const reader = makeReader(source, schema, options)
  const collector = new Collector(options.maxProblems ?? 100)
  if (bytes.length > 0) collector.add(reader.read({ line: 1, bytes }))
  return collector.result(source, options.name ?? source, reader)
}

/** The blocks of a file. */
const blocksOf = (path: string): Stream.Stream<Block, DataError, FileSystem.FileSystem> =>
  recordBlocks(path, true)(streamBytes(path))

/** Reads a CSV file, plain or gzip, block by block into one table. */
export const readTable = (
  path: string,
  schema: AnyRowSchema,
  options: TableOptions = {}
): Effect.Effect<Table<never>, DataError, FileSystem.FileSystem> =>
  Effect.suspend(() => {
    const reader = makeReader(path, schema, options)
    const collector = new Collector(options.maxProblems ?? 100)
    return Stream.runForEachWhile(blocksOf(path), (block) => Effect.sync(() => collector.add(reader.read(block)))).pipe(
      Effect.andThen(Effect.suspend(() => Effect.fromResult(collector.result(path, options.name ?? path, reader))))
    )
  })

/** Reads a CSV file, plain or gzip, as tables of the rows of a block each. */
export const streamTables = (
  path: string,
  schema: AnyRowSchema,
  options: TableOptions = {}
): Stream.Stream<Table<never>, DataError, FileSystem.FileSystem> =>
  Stream.suspend(() => {
    const reader = makeReader(path, schema, options)
    const name = options.name ?? path
    const tables = Stream.mapEffect(blocksOf(path), (block) => {
      const { columns, problems, size } = reader.read(block)
      const error = malformed(path, problems.slice(0, options.maxProblems ?? 100))
      // As in `Collector.result`.
      const columnsOf = columns as Table<never>["columns"]
      return error === undefined ? Effect.succeed({ name, size, columns: columnsOf }) : Effect.fail(error)
    })
    const whole = Effect.suspend(() => {
      const error = reader.end()
      return error === undefined ? Effect.void : Effect.fail(error)
    })
    return Stream.filter(Stream.concat(tables, Stream.drain(Stream.fromEffect(whole))), ({ size }) => size > 0)
  })
