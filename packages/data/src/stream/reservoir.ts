/** A sample of the rows of tables that come one after the other. */
import * as Result from "effect/Result"
import { DataError } from "../data-error.ts"
import type { Row, Table } from "../table/table.ts"

interface Kept {
  readonly row: number
  readonly cells: ReadonlyArray<unknown>
}

/** Keeps some rows of all that are pushed. */
export interface Reservoir<out T extends Row> {
  readonly push: (table: Table<Row>) => void
  readonly kept: () => ReadonlyArray<Kept>
  readonly like: () => Table<T> | undefined
}

/** Row i, from 0, takes a place drawn from i + 1 places, if that is one of the first `capacity`. */
export const makeReservoir = <T extends Row>(capacity: number, below: (bound: number) => number): Reservoir<T> => {
  const places: Array<Kept> = []
  let seen = 0
  let first: Table<Row> | undefined
  return {
    push: (table) => {
      first ??= { ...table, size: 0, columns: Object.fromEntries(Object.keys(table.columns).map((name) => [name, []])) }
      const columns = Object.keys(first.columns).map((name) => table.columns[name] ?? [])
      for (let i = 0; i < table.size; i++, seen++) {
        const place = seen < capacity ? seen : below(seen + 1)
        if (place < capacity) places[place] = { row: seen, cells: columns.map((cells) => cells[i]) }
      }
    },
    kept: () => places.toSorted((a, b) => a.row - b.row),
    // The tables that are pushed are of T.
    like: () => first as Table<T> | undefined
  }
}

/** The rows that were kept, as a table in their order. */
export const gatherRows = <T extends Row>({ kept, like }: Reservoir<T>): Result.Result<Table<T>, DataError> => {
  const table = like()
  const rows = kept()
  if (table === undefined || rows.length === 0)
    return Result.fail(
      new DataError({ source: "sample", kind: "empty", problems: [{ sentence: "there are no rows" }] })
    )
  const columns = Object.fromEntries(
    Object.keys(table.columns).map((name, at) => [name, rows.map(({ cells }) => cells[at])])
  )
  // The columns are those of the tables.
  return Result.succeed({ name: table.name, size: rows.length, columns: columns as unknown as Table<T>["columns"] })
}
