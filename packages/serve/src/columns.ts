/** Rows as people have them, records of numbers and words, and the numbers a model takes. */
import * as Schema from "effect/Schema"
import { RowError } from "./errors.ts"

/** A column of numbers: `(x - mean) / scale` in float64, rounded to float32. */
export interface NumberColumn {
  readonly kind: "number"
  readonly name: string
  /** 0 unless given. */
  readonly mean?: number
  /** 1 unless given. */
  readonly scale?: number
  /** What stands for a number that is missing (null, undefined); missing numbers are refused unless given. */
  readonly fill?: number
}

/** A column of words: one number per word that may stand there, 1 at the one that does, or the number of the word. */
export interface CategoryColumn {
  readonly kind: "category"
  readonly name: string
  readonly values: ReadonlyArray<string>
  /** `oneHot` unless given. */
  readonly encoding?: "oneHot" | "index"
}

/** A column of the rows that a model takes. */
export type Column = NumberColumn | CategoryColumn

/** The Schema of columns in files. */
export const StoredColumn = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("number"),
    name: Schema.String,
    mean: Schema.optionalKey(Schema.Finite),
    scale: Schema.optionalKey(Schema.Finite),
    fill: Schema.optionalKey(Schema.Finite)
  }),
  Schema.Struct({
    kind: Schema.Literal("category"),
    name: Schema.String,
    values: Schema.Array(Schema.String),
    encoding: Schema.optionalKey(Schema.Literals(["oneHot", "index"]))
  })
])

/** How many numbers a column becomes. */
export const widthOf = (column: Column): number =>
  column.kind === "category" && column.encoding !== "index" ? column.values.length : 1

const isPlain = (x: number | undefined): boolean => x === undefined || Number.isFinite(x)

const problemsOf = (column: Column): ReadonlyArray<string> =>
  column.kind === "number"
    ? [
        ...(isPlain(column.mean) && isPlain(column.scale) && isPlain(column.fill)
          ? []
          : [`the column ${column.name} has a mean, scale or fill that is not finite`]),
        ...(column.scale === 0 ? [`the column ${column.name} has the scale 0`] : [])
      ]
    : [
        ...(column.values.length === 0 ? [`the column ${column.name} has no values`] : []),
        ...(new Set(column.values).size === column.values.length
          ? []
          : [`the column ${column.name} names a value twice`])
      ]

/** What is wrong with columns for a model that takes `size` numbers. */
export const columnProblems = (columns: ReadonlyArray<Column>, size: number): ReadonlyArray<string> => {
  const width = columns.reduce((sum, column) => sum + widthOf(column), 0)
  const names = columns.map(({ name }) => name)
  const twice = names.filter((name, i) => names.indexOf(name) !== i)
  return [
    ...columns.flatMap(problemsOf),
    ...twice.map((name) => `two columns are called ${name}`),
    ...(width === size ? [] : [`the columns become ${width} numbers, the model takes ${size}`])
  ]
}

/** What may stand in a cell of a row. */
export type Cell = number | string | boolean | null | undefined

/** A row: the numbers a model takes, in order, or the cells of its columns, by name or in order. */
export type Row = ArrayLike<number> | ArrayLike<Cell> | { readonly [column: string]: Cell }

/** Writes the numbers of a row to the start of `out`. */
export type Encoder = (row: Row, out: Float32Array, at: number) => void

const isList = (row: Row): row is ArrayLike<Cell> =>
  Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView))

const show = (cell: unknown): string => (typeof cell === "string" ? `"${cell}"` : String(cell))

const refuse = (sentence: string): RowError => new RowError({ message: `predict: ${sentence}` })

const assertObject = (row: Row): void => {
  if (typeof row !== "object" || row === null) throw refuse(`a row must be a list or a record, it is ${show(row)}`)
}

/** The encoder of rows that are the numbers themselves. */
export const numbersEncoder =
  (size: number): Encoder =>
  (row, out, at) => {
    assertObject(row)
    if (!isList(row)) throw refuse(`a row must be a list of ${size} numbers`)
    if (row.length !== size) throw refuse(`a row has ${size} numbers, this one has ${row.length}`)
    for (let i = 0; i < size; i++) {
      const x = row[i]
      if (typeof x !== "number" || !Number.isFinite(x))
        throw refuse(`number ${i} of the row is ${show(x)}; every one must be finite`)
      out[at + i] = x
    }
  }

type CellEncoder = (cell: Cell, out: Float32Array, at: number) => void

const numberEncoder =
  ({ name, mean = 0, scale = 1, fill }: NumberColumn): CellEncoder =>
  (cell, out, at) => {
    const x = cell ?? fill
    if (typeof x !== "number" || !Number.isFinite(x))
      throw refuse(`the column ${name} holds ${show(cell)}; a finite number is needed`)
    out[at] = (x - mean) / scale
  }

const categoryEncoder = ({ name, values, encoding = "oneHot" }: CategoryColumn): CellEncoder => {
  const numbers = new Map(values.map((value, i) => [value, i] as const))
  const known =
    values.length > 20 ? `${values.slice(0, 20).join(", ")} and ${values.length - 20} more` : values.join(", ")
  return (cell, out, at) => {
    const number = numbers.get(String(cell))
    if (number === undefined) throw refuse(`the column ${name} holds ${show(cell)}; it may hold ${known}`)
    if (encoding === "index") out[at] = number
    else {
      out.fill(0, at, at + values.length)
      out[at + number] = 1
    }
  }
}

/** The encoder of rows of these columns. */
export const columnsEncoder = (columns: ReadonlyArray<Column>): Encoder => {
  let width = 0
  const cells = columns.map((column) => {
    const offset = width
    width += widthOf(column)
    const encode = column.kind === "number" ? numberEncoder(column) : categoryEncoder(column)
    return { name: column.name, offset, encode }
  })
  const names = new Set(columns.map(({ name }) => name))
  return (row, out, at) => {
    assertObject(row)
    if (isList(row)) {
      if (row.length !== cells.length) throw refuse(`a row has ${cells.length} cells, this one has ${row.length}`)
      cells.forEach(({ offset, encode }, i) => encode(row[i], out, at + offset))
      return
    }
    // Not a list: a record by column.
    const record = row as { readonly [column: string]: Cell }
    for (const name of Object.keys(record))
      if (!names.has(name)) throw refuse(`there is no column ${name}; there are ${[...names].join(", ")}`)
    for (const { name, offset, encode } of cells)
      encode(Object.hasOwn(record, name) ? record[name] : undefined, out, at + offset)
  }
}
