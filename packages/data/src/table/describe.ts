/** What is in a table: counts, ranges and quantiles of its columns, as data and as text. */
import { momentsOf, quantile } from "../preprocess/statistics.ts"
import { type AnyTable, column, isMissing, type Row, type Table } from "./table.ts"

/** What is in one column. Numbers have statistics, everything else has the value that occurs most often. */
export interface ColumnSummary {
  readonly column: string
  readonly count: number
  readonly missing: number
  readonly distinct: number
  readonly numbers?: {
    readonly mean: number
    /** By n - 1, as pandas has it. */
    readonly deviation: number
    readonly min: number
    readonly lowerQuartile: number
    readonly median: number
    readonly upperQuartile: number
    readonly max: number
  }
  readonly top?: { readonly value: unknown; readonly count: number }
}

const statistics = (values: ReadonlyArray<number>): NonNullable<ColumnSummary["numbers"]> => {
  const sorted = Float64Array.from(values).sort()
  const moments = momentsOf(values)
  return {
    mean: moments.mean(),
    deviation: Math.sqrt(moments.squares() / (values.length - 1)),
    min: sorted[0] ?? Number.NaN,
    lowerQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    upperQuartile: quantile(sorted, 0.75),
    max: sorted.at(-1) ?? Number.NaN
  }
}

/** How often each value of a column occurs, the frequent ones first; missing cells are left out. */
export const counts = <R extends Row, K extends keyof R & string>(
  self: Table<R>,
  name: K
): ReadonlyArray<readonly [R[K], number]> => {
  const found = new Map<R[K], number>()
  for (const cell of column(self, name)) if (!isMissing(cell)) found.set(cell, (found.get(cell) ?? 0) + 1)
  return [...found].toSorted(([, a], [, b]) => b - a)
}

const summary = (self: AnyTable, name: string): ColumnSummary => {
  const known = column(self, name).filter((cell) => !isMissing(cell))
  const frequent = counts(self, name)
  const numbers = known.filter((cell) => typeof cell === "number")
  const [top] = frequent
  return {
    column: name,
    count: known.length,
    missing: self.size - known.length,
    distinct: frequent.length,
    ...(numbers.length === known.length && known.length > 0 ? { numbers: statistics(numbers) } : {}),
    ...(numbers.length < known.length && top !== undefined ? { top: { value: top[0], count: top[1] } } : {})
  }
}

/** What is in every column. To look at, not to fit with: it sees all rows, those to hold out too. */
export const summaries = (self: AnyTable): ReadonlyArray<ColumnSummary> =>
  Object.keys(self.columns).map((name) => summary(self, name))

const short = (x: number | undefined): string => (x === undefined ? "" : String(Number(x.toPrecision(4))))

const heads = ["column", "count", "missing", "distinct", "mean", "deviation", "min", "median", "max", "most frequent"]

/**
 * What is in every column, as text of a line each.
 *
 * ```ts
 * const people = Table.fromColumns({ age: [31, null, 53], city: ["Bern", "Rome", "Bern"] })
 * console.log(Table.describe(people))
 * ```
 */
export const describe = (self: AnyTable): string => {
  const lines = summaries(self).map(({ column: name, count, distinct, missing, numbers, top }) => [
    name,
    String(count),
    String(missing),
    String(distinct),
    ...[numbers?.mean, numbers?.deviation, numbers?.min, numbers?.median, numbers?.max].map(short),
    top === undefined ? "" : `${String(top.value)} (${top.count})`
  ])
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => (line[i] ?? "").length)))
  return [heads, ...lines]
    .map((line) =>
      line
        .map((cell, i) =>
          i === 0 || i === heads.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
        )
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
