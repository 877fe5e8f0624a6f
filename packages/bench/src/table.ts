/** Tables in Markdown: the first column to the left, numbers to the right. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((text, i) => Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const show = (row: ReadonlyArray<string>): string =>
    `| ${row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join(" | ")} |`
  return [show(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(show)].join("\n")
}
