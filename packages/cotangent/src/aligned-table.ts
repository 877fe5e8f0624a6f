/** A table as text. */

const numeric = /^[-+\d.,e]*$/

/** Columns as wide as their widest cell, two blanks between them; columns of numbers are set to the right. */
export const alignedTable = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const [head = [], ...body] = rows
  const columns = head.map((_, i) => ({
    width: Math.max(...rows.map((row) => (row[i] ?? "").length)),
    isNumeric: i > 0 && body.every((row) => numeric.test(row[i] ?? ""))
  }))
  return rows
    .map((row) =>
      columns
        .map(({ width, isNumeric }, i) => (isNumeric ? (row[i] ?? "").padStart(width) : (row[i] ?? "").padEnd(width)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
