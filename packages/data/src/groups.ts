/** Rows that have something in common: a class to keep in proportion, or an origin to keep together. */
import { argumentError } from "./data-error.ts"

/** What rows are grouped by, one entry per row: class indices, names, times. Numbers are compared by value. */
export type Labels = ArrayLike<string | number | boolean | bigint>

/** Throws a `DataError` unless there is a label for every row. */
export const checkLabels = (source: string, what: string, labels: Labels, rows: number): void => {
  if (labels.length !== rows)
    throw argumentError(source, `there are ${labels.length} ${what} for ${rows} rows; give one per row`)
}

/** Which of two labels comes first. */
export const compareLabels = (a: unknown, b: unknown): number =>
  // Labels of one table are all numbers, all text or all truth values; `<` orders each of them.
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0

/** The rows of each label, labels and rows in the order of `order`. */
export const groupsOf = (labels: Labels, order: Iterable<number>): ReadonlyMap<unknown, ReadonlyArray<number>> => {
  const groups = new Map<unknown, Array<number>>()
  for (const row of order) {
    const label = labels[row]
    const rows = groups.get(label)
    if (rows === undefined) groups.set(label, [row])
    else rows.push(row)
  }
  return groups
}

/** Whole numbers near `shares` with the sum `total`: the largest fractions are rounded up, the earlier one of equals. */
export const largestRemainder = (shares: ReadonlyArray<number>, total: number): ReadonlyArray<number> => {
  const floors = shares.map(Math.floor)
  const missing = total - floors.reduce((a, b) => a + b, 0)
  const byRemainder = shares
    .map((share, i) => [share - Math.floor(share), i] as const)
    .toSorted(([a, i], [b, j]) => b - a || i - j)
  const up = new Set(byRemainder.slice(0, missing).map(([, i]) => i))
  return floors.map((floor, i) => (up.has(i) ? floor + 1 : floor))
}
