/** Finds the columns a reader was asked for. */
import type { Row } from "./csv-rows.ts"

/** A column by its name in the first line, or by its position from 0; negative positions count from the last column. */
export type Column = number | string

/** The positions of the columns to read. */
export interface ColumnPlan {
  readonly width: number
  readonly inputs: ReadonlyArray<number>
  readonly target: number
  /** What to call a column in a sentence. */
  readonly title: (position: number) => string
}

/** What is asked of the columns. */
export interface ColumnOptions {
  readonly target: Column
  readonly columns?: ReadonlyArray<Column> | undefined
  readonly features?: number | undefined
}

/** The plan for a table whose first row is `first` (column names if `header`), or the sentence that says why not. */
export const planColumns = (first: Row, header: boolean, options: ColumnOptions): ColumnPlan | string => {
  const width = first.cells.length
  const names = header ? first.cells : undefined
  const found = [options.target, ...(options.columns ?? [])].map((column) => position(column, width, names))
  const [target, ...chosen] = found
  const sentence = found.find((at) => typeof at === "string")
  if (sentence !== undefined || typeof target !== "number") return sentence ?? "no column was asked for"
  const inputs = options.columns === undefined ? others(width, target) : chosen.filter((at) => typeof at === "number")
  if (inputs.includes(target))
    return `the column ${show(options.target)} is both an input and the target; leave it out of \`columns\``
  if (inputs.length === 0)
    return `there is no column beside the target, so there are no inputs${width === 1 ? "; is the delimiter right?" : ""}`
  if (options.features !== undefined && options.features !== inputs.length) {
    return `there are ${inputs.length} input columns beside the target, ${options.features} were asked for with \`features\``
  }
  return { width, inputs, target, title: (at) => (names?.[at] === undefined ? "" : ` (${names[at]})`) }
}

const show = (column: Column): string => (typeof column === "string" ? JSON.stringify(column) : String(column))

const others = (width: number, target: number): ReadonlyArray<number> =>
  Array.from({ length: width }, (_, i) => i).filter((i) => i !== target)

const position = (column: Column, width: number, names: ReadonlyArray<string> | undefined): number | string => {
  if (typeof column === "number") {
    const at = column < 0 ? column + width : column
    return Number.isInteger(at) && at >= 0 && at < width
      ? at
      : `there is no column ${column}; the ${width} columns are counted from 0`
  }
  if (names === undefined) return `the column ${show(column)} is asked for by name, but \`header\` is false`
  const at = names.indexOf(column)
  if (at < 0) return `there is no column ${show(column)}; the columns are ${names.map(show).join(", ")}`
  return names.lastIndexOf(column) === at ? at : `two columns are called ${show(column)}; choose by position`
}
