/** Tables of results as text. */

/** A number as people compare it: four significant digits. */
export const shown = (x: number): string =>
  Number.isFinite(x)
    ? x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5)
      ? x.toPrecision(4)
      : x.toExponential(2)
    : "-"

/** Columns that are as wide as their widest cell; the first is set to the left, numbers to the right. */
export const textTable = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
