/** Tables: named columns of equally many cells, each column of its own type, as they come from files. */
import { argumentError } from "../data-error.ts"
import * as Rows from "../rows.ts"

/** A row of a table: its cells by the names of the columns. */
export type Row = Readonly<Record<string, unknown>>

/**
 * `size` rows of type `R`, held as columns and never written to. A cell that is not known is `null`.
 * `Table<{ age: number | null; city: string }>` has a column of ages and one of cities.
 */
export interface Table<out R extends Row> {
  readonly name: string
  readonly size: number
  readonly columns: { readonly [K in keyof R]: ReadonlyArray<R[K]> }
}

/** A table of any columns. */
export type AnyTable = Table<Row>

/** The row type of columns. */
export type RowOf<C extends Readonly<Record<string, ReadonlyArray<unknown>>>> = {
  readonly [K in keyof C]: C[K][number]
}

/**
 * A table of columns written down. Nothing is copied: do not write to the arrays afterwards.
 * Throws a `DataError` when there are no columns or they differ in length.
 *
 * ```ts
 * const people = Table.fromColumns({ age: [31, null, 52], city: ["Bern", "Rome", "Bern"] })
 * console.log(people.size, Table.row(people, 1)) // => 3 { age: null, city: 'Rome' }
 * ```
 */
export const fromColumns = <C extends Readonly<Record<string, ReadonlyArray<unknown>>>>(
  columns: C,
  name = "table"
): Table<RowOf<C>> => {
  const lengths = Object.entries(columns).map(([column, cells]) => [column, cells.length] as const)
  const [first] = lengths
  if (first === undefined) throw argumentError(name, "a table needs at least one column")
  const other = lengths.find(([, length]) => length !== first[1])
  if (other !== undefined)
    throw argumentError(
      name,
      `the column ${JSON.stringify(first[0])} has ${first[1]} cells and ${JSON.stringify(other[0])} has ${other[1]}; all columns must be equally long`
    )
  // C lists arrays by column, which is what `columns` of its row type is.
  return { name, size: first[1], columns: columns as Table<RowOf<C>>["columns"] }
}

/**
 * A table of rows written down. The columns are the keys of the first row, and every row must have all of them.
 * Throws a `DataError` when there is no row, or a row lacks a column.
 *
 * ```ts
 * const people = Table.fromRows([{ age: 31, city: "Bern" }, { age: 52, city: "Rome" }])
 * console.log(people.columns.city) // => [ 'Bern', 'Rome' ]
 * ```
 */
export const fromRows = <R extends Row>(rows: ReadonlyArray<R>, name = "table"): Table<R> => {
  const [first] = rows
  if (first === undefined) throw argumentError(name, "there are no rows, so there are no columns")
  const names = Object.keys(first)
  rows.forEach((row, i) => {
    const lacking = names.find((column) => !(column in row))
    if (lacking !== undefined)
      throw argumentError(
        name,
        `row ${i} has no ${JSON.stringify(lacking)}, which the first row has; write null for a cell that is not known`
      )
  })
  const columns = Object.fromEntries(names.map((column) => [column, rows.map((row) => row[column])]))
  // The keys are those of the first row, which is an R, and every row has them.
  return { name, size: rows.length, columns: columns as unknown as Table<R>["columns"] }
}

/** Row `index`, counted from 0. Throws a `DataError` when there is no such row. */
export const row = <R extends Row>(self: Table<R>, index: number): R => {
  const bad = Rows.badIndex([index], self.size)
  if (bad !== undefined) throw argumentError(self.name, `row: ${bad}`)
  const cells = Object.entries<ReadonlyArray<unknown>>(self.columns).map(([column, all]) => [column, all[index]])
  // A cell of every column is a row.
  return Object.fromEntries(cells) as R
}

/** All rows, one after the other. */
export const rows = <R extends Row>(self: Table<R>): ReadonlyArray<R> =>
  Array.from({ length: self.size }, (_, i) => row(self, i))

/** The cells of one column. Throws a `DataError` when there is no such column. */
export const column = <R extends Row, K extends keyof R & string>(self: Table<R>, name: K): ReadonlyArray<R[K]> => {
  const cells: ReadonlyArray<R[K]> | undefined = self.columns[name]
  if (cells === undefined || !Object.hasOwn(self.columns, name)) throw argumentError(self.name, noColumn(self, name))
  return cells
}

/** The sentence for a column that a table does not have. */
export const noColumn = (self: AnyTable, name: string): string =>
  `there is no column ${JSON.stringify(name)}; the columns are ${Object.keys(self.columns)
    .map((each) => JSON.stringify(each))
    .join(", ")}`

const mapColumns = <T extends AnyTable>(
  self: T,
  size: number,
  f: (cells: ReadonlyArray<unknown>) => ReadonlyArray<unknown>
): T => ({
  ...self,
  size,
  columns: Object.fromEntries(Object.entries(self.columns).map(([name, cells]) => [name, f(cells)]))
})

/** The rows with these indices, in this order. Throws a `DataError` for an index that is no row. */
export const take = <T extends AnyTable>(self: T, indices: Rows.Indices): T => {
  const bad = Rows.badIndex(indices, self.size)
  if (bad !== undefined) throw argumentError(self.name, `take: ${bad}`)
  return mapColumns(self, indices.length, (cells) => Array.from(indices, (i) => cells[i]))
}

/** Rows `start` up to, not including, `end`. Both are clipped to the table. */
export const slice = <T extends AnyTable>(self: T, start: number, end: number): T => {
  const from = Math.min(Math.max(start, 0), self.size)
  const to = Math.min(Math.max(end, from), self.size)
  return mapColumns(self, to - from, (cells) => cells.slice(from, to))
}

/** The rows that `keep` holds for. */
export const filter = <R extends Row>(self: Table<R>, keep: (row: R) => boolean): Table<R> =>
  take(
    self,
    rows(self).flatMap((each, i) => (keep(each) ? [i] : []))
  )

/** Whether a cell is not known: null, undefined or NaN. */
export const isMissing = (cell: unknown): cell is null | undefined =>
  cell === null || cell === undefined || (typeof cell === "number" && Number.isNaN(cell))

/** How many cells of each column are not known. */
export const missingCounts = <R extends Row>(self: Table<R>): { readonly [K in keyof R]: number } =>
  // One number per column.
  Object.fromEntries(
    Object.entries<ReadonlyArray<unknown>>(self.columns).map(([name, cells]) => [name, cells.filter(isMissing).length])
  ) as { readonly [K in keyof R]: number }
