/** Reads tables of numbers from CSV text. Nothing is guessed and nothing is dropped: every bad row is reported. */
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { type ReadCell, readClassIndex, readClassName, readNumber } from "./csv-cells.ts"
import { type Column, type ColumnPlan, planColumns } from "./csv-columns.ts"
import { csvRows, type Row } from "./csv-rows.ts"
import {
  type AnyRowSchema,
  type CellCodecs,
  parseTable as parseRows,
  readTable,
  streamTables,
  type TableOptions as CsvTableOptions,
  type TableRow
} from "./csv-table.ts"
import { DataError, type Problem } from "./data-error.ts"
import { type Dataset, make } from "./dataset.ts"
import type { Table } from "./table/table.ts"
import { readText } from "./table-file.ts"

export type { Column } from "./csv-columns.ts"
export { sketch, type SketchOptions } from "./csv-sketch.ts"
export type { CellCodecs, TableOptions as CsvTableOptions, TableRow } from "./csv-table.ts"

interface TableOptions<C extends ReadonlyArray<Column>, F extends number> {
  /** The input columns, by name or position from 0; all but the target by default. */
  readonly columns?: C
  /** How many input columns there must be; it also gives their number to the type. */
  readonly features?: F
  /** Whether the first line has the names of the columns; true by default when a column is asked for by name. */
  readonly header?: boolean
  /** What separates cells; a comma by default. */
  readonly delimiter?: string
  /** The name of the data set; the path by default. */
  readonly name?: string
}

/** A table whose target is a class. */
export interface ClassificationOptions<
  C extends ReadonlyArray<Column> = ReadonlyArray<Column>,
  F extends number = number
> extends TableOptions<C, F> {
  /** The column of the class, by name or position from 0; -1 is the last one. */
  readonly label: Column
  /** The names of the classes, as they stand in the file; or their number, when the file has 0, 1, 2, ... */
  readonly classes: number | ReadonlyArray<string>
}

/** A table whose target is a number. */
export interface RegressionOptions<
  C extends ReadonlyArray<Column> = ReadonlyArray<Column>,
  F extends number = number
> extends TableOptions<C, F> {
  /** The column of the target, by name or position from 0; -1 is the last one. */
  readonly target: Column
}

/**
 * Reads a CSV file, plain or gzip, into a table whose rows are typed by a Schema of text cells; columns that the Schema
 * does not name are not read. Write the cells with `Cell`, or with any Schema that decodes text.
 *
 * Fails with a `DataError` that lists problems by line and column, up to `maxProblems` of them.
 */
export const table = <const F extends CellCodecs>(
  path: string,
  schema: Schema.Struct<F>,
  options?: CsvTableOptions
): Effect.Effect<Table<TableRow<F>>, DataError, FileSystem.FileSystem> =>
  // The rows are decoded by the Schema, which is what `TableRow` says.
  readTable(path, schema as unknown as AnyRowSchema, options) as Effect.Effect<
    Table<TableRow<F>>,
    DataError,
    FileSystem.FileSystem
  >

/**
 * As `table`, for text that is already here; `source` is what problems call it.
 *
 * ```ts
 * import { Result, Schema } from "effect"
 * const Person = Schema.Struct({ city: Cell.text, age: Cell.optional(Cell.integer) })
 * const people = Csv.parseTable("people.csv", "age,city\n31,Bern\n,Rome\n", Person)
 * console.log(Result.getOrThrow(people).columns.age) // => [ 31, null ]
 * ```
 */
export const parseTable = <const F extends CellCodecs>(
  source: string,
  text: string | Uint8Array,
  schema: Schema.Struct<F>,
  options?: CsvTableOptions
): Result.Result<Table<TableRow<F>>, DataError> =>
  // As in `table`.
  parseRows(source, text, schema as unknown as AnyRowSchema, options) as Result.Result<Table<TableRow<F>>, DataError>

/**
 * As `table`, as a stream of tables of about 256 KiB of text each. The next piece of the file is read when it is
 * asked for, so a file of any size goes through constant memory. Fails at the first piece that has problems.
 */
export const stream = <const F extends CellCodecs>(
  path: string,
  schema: Schema.Struct<F>,
  options?: CsvTableOptions
): Stream.Stream<Table<TableRow<F>>, DataError, FileSystem.FileSystem> =>
  // As in `table`.
  streamTables(path, schema as unknown as AnyRowSchema, options) as Stream.Stream<
    Table<TableRow<F>>,
    DataError,
    FileSystem.FileSystem
  >

/** The input shape that `columns` or `features` give, `[number]` without them. */
export type Inputs<C extends ReadonlyArray<Column>, F extends number> = number extends C["length"] ? [F] : [C["length"]]

/**
 * Reads a CSV file, plain or gzip, into a data set of f32 inputs and a class index or an f32 target:
 * `Csv.read("iris.csv", { label: "species", classes: ["setosa", "versicolor", "virginica"] })`.
 *
 * Fails with a `DataError` that lists every problem by line and column: a missing or empty file, a row with another
 * number of cells than the first, a cell that is no finite number, a label that is no class, an unknown column.
 */
export const read: {
  <const C extends ReadonlyArray<Column> = ReadonlyArray<Column>, F extends number = number>(
    path: string,
    options: ClassificationOptions<C, F>
  ): Effect.Effect<Dataset<Inputs<C, F>, [], "i32">, DataError, FileSystem.FileSystem>
  <const C extends ReadonlyArray<Column> = ReadonlyArray<Column>, F extends number = number>(
    path: string,
    options: RegressionOptions<C, F>
  ): Effect.Effect<Dataset<Inputs<C, F>, [], "f32">, DataError, FileSystem.FileSystem>
} = (path: string, options: ClassificationOptions | RegressionOptions) =>
  // One body serves both overloads; what TypeScript cannot see is that the target follows the option's name.
  Effect.flatMap(readText(path), (text) => Effect.fromResult(parseDataset(path, text, options))) as Effect.Effect<
    never,
    DataError,
    FileSystem.FileSystem
  >

/** As `read`, for text that is already here; `source` is what problems call it. */
export const parse: {
  <const C extends ReadonlyArray<Column> = ReadonlyArray<Column>, F extends number = number>(
    source: string,
    text: string | Uint8Array,
    options: ClassificationOptions<C, F>
  ): Result.Result<Dataset<Inputs<C, F>, [], "i32">, DataError>
  <const C extends ReadonlyArray<Column> = ReadonlyArray<Column>, F extends number = number>(
    source: string,
    text: string | Uint8Array,
    options: RegressionOptions<C, F>
  ): Result.Result<Dataset<Inputs<C, F>, [], "f32">, DataError>
} = (source: string, text: string | Uint8Array, options: ClassificationOptions | RegressionOptions) =>
  // As in `read`.
  parseDataset(source, typeof text === "string" ? new TextEncoder().encode(text) : text, options) as Result.Result<
    never,
    DataError
  >

const isClassification = (options: ClassificationOptions | RegressionOptions): options is ClassificationOptions =>
  "label" in options

const parseDataset = (
  source: string,
  text: Uint8Array,
  options: ClassificationOptions | RegressionOptions
): Result.Result<Dataset<[number], [], "i32" | "f32">, DataError> => {
  const target = isClassification(options) ? options.label : options.target
  const { columns, delimiter = ",", features, name = source } = options
  const header = options.header ?? [target, ...(columns ?? [])].some((column) => typeof column === "string")
  const fail = (kind: DataError["kind"], first: Problem, ...rest: ReadonlyArray<Problem>) =>
    Result.fail(new DataError({ source, kind, problems: [first, ...rest] }))

  const { problems, rows } = csvRows(text, delimiter)
  const [first, ...rest] = rows
  const body = header ? rest : rows
  if (first === undefined || body.length === 0) {
    const [broken, ...others] = problems
    if (broken !== undefined) return fail("malformed", broken, ...others)
    return fail("empty", {
      sentence: header && first !== undefined ? "the file has a line of column names and no rows" : "the file is empty"
    })
  }
  const plan = planColumns(first, header, { target, columns, features })
  if (typeof plan === "string") return fail("argument", { sentence: plan })

  const reader = isClassification(options) ? labelReader(options.classes) : readNumber
  const table = readRows(body, plan, reader)
  const [bad, ...more] = [...problems, ...table.problems, ...(header ? [] : headerHint(first, plan))].toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0)
  )
  if (bad !== undefined) return fail("malformed", bad, ...more)
  const x = Values.of(table.inputs, [body.length, plan.inputs.length], "f32")
  if (!isClassification(options))
    return Result.succeed(make({ name, x, y: Values.of(Float32Array.from(table.targets), [body.length], "f32") }))
  const { classes } = options
  const classNames = typeof classes === "number" ? Array.from({ length: classes }, (_, i) => String(i)) : classes
  return Result.succeed(
    make({ name, x, y: Values.of(Int32Array.from(table.targets), [body.length], "i32"), classNames })
  )
}

const labelReader = (classes: number | ReadonlyArray<string>): ReadCell =>
  typeof classes === "number" ? readClassIndex(classes) : readClassName(classes)

const readRows = (rows: ReadonlyArray<Row>, plan: ColumnPlan, readTarget: ReadCell) => {
  const inputs = new Float32Array(rows.length * plan.inputs.length)
  const targets = new Float64Array(rows.length)
  const problems: Array<Problem> = []
  const readCell = (row: Row, at: number, reader: ReadCell): number => {
    const found = row.cells[at] ?? ""
    const value = reader(found)
    if (typeof value === "number") return value
    problems.push({ line: row.line, column: at + 1, found, sentence: `${value}${plan.title(at)}` })
    return 0
  }
  rows.forEach((row, r) => {
    if (row.cells.length !== plan.width) {
      problems.push({
        line: row.line,
        sentence: `the row has ${row.cells.length} cells, the first one has ${plan.width}`
      })
      return
    }
    plan.inputs.forEach((at, i) => {
      inputs[r * plan.inputs.length + i] = readCell(row, at, readNumber)
    })
    targets[r] = readCell(row, plan.target, readTarget)
  })
  return { inputs, targets, problems }
}

/** When no input cell of the first line is a number, that line probably has the names of the columns. */
const headerHint = (first: Row, plan: ColumnPlan): ReadonlyArray<Problem> =>
  first.cells.length === plan.width && plan.inputs.every((at) => typeof readNumber(first.cells[at] ?? "") === "string")
    ? [{ line: first.line, sentence: "this line looks like the names of the columns; if it is, say `header: true`" }]
    : []
