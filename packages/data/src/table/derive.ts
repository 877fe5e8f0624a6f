/** Tables made of tables: fewer columns, more columns, other orders, several in one. */
import { argumentError } from "../data-error.ts"
import { type AnyTable, column, filterRows, isMissing, noColumn, type Row, row, type Table, take } from "./table.ts"

/**
 * The columns with these names, in this order. Throws a `DataError` for a column that is not there.
 *
 * ```ts
 * const people = Table.fromColumns({ name: ["Ann", "Bo"], age: [31, 52], city: ["Bern", "Rome"] })
 * console.log(Table.row(Table.select(people, ["city", "age"]), 0)) // => { city: 'Bern', age: 31 }
 * ```
 */
export const select = <R extends Row, const K extends keyof R & string>(
  self: Table<R>,
  names: ReadonlyArray<K>
): Table<Pick<R, K>> => ({
  ...self,
  // The columns are those that were picked.
  columns: Object.fromEntries(names.map((name) => [name, column(self, name)])) as unknown as Table<
    Pick<R, K>
  >["columns"]
})

/** The table without these columns. Throws a `DataError` for a column that is not there. */
export const drop = <R extends Row, const K extends keyof R & string>(
  self: Table<R>,
  names: ReadonlyArray<K>
): Table<Omit<R, K>> => {
  for (const name of names) column(self, name)
  const out = new Set<string>(names)
  const kept = Object.entries(self.columns).filter(([name]) => !out.has(name))
  // The columns are those that were not left out.
  return { ...self, columns: Object.fromEntries(kept) as unknown as Table<Omit<R, K>>["columns"] }
}

/**
 * The table with one more column, or another one in the place of one, made of each row. What it makes must follow from
 * the row alone: statistics belong in a recipe, which learns them from training rows.
 *
 * ```ts
 * const boxes = Table.fromColumns({ width: [2, 3], height: [4, 5] })
 * const areas = Table.withColumn(boxes, "area", ({ width, height }) => width * height)
 * console.log(areas.columns.area) // => [ 8, 15 ]
 * ```
 */
export const withColumn = <R extends Row, const N extends string, A>(
  self: Table<R>,
  name: N,
  make: (row: R, index: number) => A
): Table<Omit<R, N> & { readonly [K in N]: A }> => {
  const cells = Array.from({ length: self.size }, (_, i) => make(row(self, i), i))
  // The columns are those there were, and the new one.
  return {
    ...self,
    columns: { ...self.columns, [name]: cells } as unknown as Table<Omit<R, N> & { readonly [K in N]: A }>["columns"]
  }
}

/** A row whose cells in the columns `K` are all there. */
export type Known<R extends Row, K extends keyof R> = {
  readonly [N in keyof R]: N extends K ? NonNullable<R[N]> : R[N]
}

/**
 * The rows that miss no cell of these columns: those whose target is known, say. In the types they are no longer missing.
 * Throws a `DataError` for a column that is not there. pandas: `dropna(subset=...)`.
 *
 * ```ts
 * const people = Table.fromColumns({ name: ["Ann", null, "Cy"], age: [31, 52, null] })
 * console.log(Table.dropMissing(people, ["age"]).columns.age) // => [ 31, 52 ]
 * ```
 */
export const dropMissing = <R extends Row, const K extends keyof R & string>(
  self: Table<R>,
  names: ReadonlyArray<K>
): Table<Known<R, K>> => {
  const cells: ReadonlyArray<ReadonlyArray<unknown>> = names.map((name) => column(self, name))
  // No cell that is left in these columns is missing.
  return filterRows(self, (i) => cells.every((each) => !isMissing(each[i]))) as unknown as Table<Known<R, K>>
}

/** The rows of several tables one after the other. Throws a `DataError` when they differ in their columns. */
export const concat = <R extends Row>(first: Table<R>, ...rest: ReadonlyArray<Table<R>>): Table<R> => {
  const names = Object.keys(first.columns)
  for (const other of rest) {
    const lacking = names.find((name) => !Object.hasOwn(other.columns, name))
    if (lacking !== undefined) throw argumentError(other.name, noColumn(other, lacking))
    const extra = Object.keys(other.columns).find((name) => !Object.hasOwn(first.columns, name))
    if (extra !== undefined) throw argumentError(first.name, noColumn(first, extra))
  }
  const all: ReadonlyArray<AnyTable> = [first, ...rest]
  const columns = Object.fromEntries(names.map((name) => [name, all.flatMap((each) => each.columns[name] ?? [])]))
  return {
    name: first.name,
    size: all.reduce((sum, { size }) => sum + size, 0),
    // The columns are those of every one of them.
    columns: columns as unknown as Table<R>["columns"]
  }
}

/** The rows in the order of a column of numbers or texts, those without a value last; equals stay in their order. */
export const sortBy = <R extends Row, K extends keyof R & string>(self: Table<R>, name: K): Table<R> => {
  const cells: ReadonlyArray<unknown> = column(self, name)
  const compare = (a: unknown, b: unknown): number => {
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b))
    // A column has cells of one type, which `<` orders.
    return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
  }
  const order = Array.from({ length: self.size }, (_, i) => i).toSorted((i, j) => compare(cells[i], cells[j]))
  return take(self, order)
}
