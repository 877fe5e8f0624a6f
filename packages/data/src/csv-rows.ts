/** Cuts CSV text into rows of cells, each with the line it ends on, and keeps what is wrong beside them. */
import { parse } from "csv-parse/sync"
import type { Problem } from "./data-error.ts"

/** A row: its cells without the blanks around them, and the line it ends on, counted from 1. */
export interface Row {
  readonly line: number
  readonly cells: ReadonlyArray<string>
}

/** What csv-parse returns with `info: true`; its types do not follow that option. */
interface Parsed {
  readonly record: ReadonlyArray<string>
  readonly info: { readonly lines: number }
}

const isBlank = ({ cells }: Row): boolean => cells.length === 1 && cells[0] === ""

const quoteSentences: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE:
    'a quote stands inside a cell that does not begin with one; double it ("") and quote the whole cell',
  CSV_INVALID_CLOSING_QUOTE: "text follows the closing quote of a cell",
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "text follows the closing quote of a cell",
  CSV_QUOTE_NOT_CLOSED: "a quoted cell begins here and is never closed"
}

/** What was found in CSV text. */
interface Found {
  readonly rows: ReadonlyArray<Row>
  readonly problems: ReadonlyArray<Problem>
  /** Empty lines at the end, which are a problem if more rows follow. */
  readonly trailing: ReadonlyArray<Problem>
}

const emptyLine = ({ line }: Row): Problem => ({ line, sentence: "the line is empty" })

/**
 * The rows of CSV text (RFC 4180: quoted cells, doubled quotes, any line ending, a byte order mark). Empty lines at the
 * end are no rows; an empty line anywhere else is a problem, and so is a line whose quotes do not match. `before` is
 * how many lines of the file come before this text.
 */
export const csvRows = (text: Uint8Array, delimiter: string, before = 0): Found => {
  const problems: Array<Problem> = []
  const all =
    text.includes(quote) || /\s/.test(delimiter)
      ? quotedRows(text, delimiter, before, problems)
      : plainRows(text, delimiter, before)
  const end = all.findLastIndex((row) => !isBlank(row)) + 1
  const rows = all.slice(0, end)
  return {
    rows: rows.filter((row) => !isBlank(row)),
    problems: [...problems, ...rows.filter(isBlank).map(emptyLine)],
    trailing: all.slice(end).map(emptyLine)
  }
}

const quote = 0x22

/** Rows of text without a quote, in which cells are what stands between delimiters; the same as `quotedRows` gives, and faster. */
const plainRows = (bytes: Uint8Array, delimiter: string, before: number): ReadonlyArray<Row> => {
  const decoded = new TextDecoder().decode(bytes)
  const lines = decoded.includes("\n") ? decoded.split("\n") : decoded.split("\r")
  // What follows the last line end is a line only if there is something.
  if (lines.at(-1) === "") lines.pop()
  return lines.map((text, i) => {
    const cells = text.split(delimiter)
    return { line: before + i + 1, cells: /\s/.test(text) ? cells.map((cell) => cell.trim()) : cells }
  })
}

const quotedRows = (
  text: Uint8Array,
  delimiter: string,
  before: number,
  problems: Array<Problem>
): ReadonlyArray<Row> => {
  const parsed = parse(text, {
    bom: true,
    delimiter,
    info: true,
    on_skip: (error) => {
      const line = Number(error?.["lines"]) + before
      const sentence = quoteSentences[error?.code ?? ""] ?? error?.message ?? "the line is not CSV"
      // One broken quote can be met twice, again where the text ends.
      if (problems.at(-1)?.line !== line) problems.push({ line, column: Number(error?.["column"]) + 1, sentence })
      return undefined
    },
    relax_column_count: true,
    skip_records_with_error: true,
    trim: true
  }) as ReadonlyArray<unknown> as ReadonlyArray<Parsed>
  return parsed.map(({ info, record }): Row => ({ line: info.lines + before, cells: record }))
}
