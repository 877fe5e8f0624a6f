/** Rows of numbers without targets, from a table as text: what a model predicts for. */
import { Values, type Value } from "@cotangent/graph"
import { UsageError } from "./exit-code.ts"

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Problems beyond these are counted. */
const mostShown = 10

/**
 * The rows of CSV text, each as a sample of `shape`, as `[rows, ...shape]` in f32. The first line may have names. Throws a
 * UsageError that says, line by line, what is no row of as many finite numbers.
 */
export const numberRows = (
  source: string,
  text: string,
  shape: ReadonlyArray<number>
): Value<readonly [number, ...number[]], "f32"> => {
  const width = shape.reduce((product, size) => product * size, 1)
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line, i) => ({ cells: line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")), at: i + 1 }))
    .filter(({ cells }) => cells.length > 1 || cells[0] !== "")
  const isHeading = lines[0]?.cells.every((cell) => !decimal.test(cell)) === true
  const rows = isHeading ? lines.slice(1) : lines
  const problems = rows.flatMap(({ cells, at }) => {
    if (cells.length !== width) return [`line ${at} has ${cells.length} cells, the model takes ${width} numbers`]
    const wrong = cells.findIndex((cell) => !decimal.test(cell) || !Number.isFinite(Math.fround(Number(cell))))
    return wrong < 0 ? [] : [`line ${at}, cell ${wrong + 1}: ${JSON.stringify(cells[wrong])} is not a finite number`]
  })
  if (rows.length === 0) problems.push("there are no rows")
  if (problems.length > 0) {
    const shown = problems.slice(0, mostShown).map((problem) => `${source}: ${problem}`)
    const more = problems.length - shown.length
    throw new UsageError({ problems: more > 0 ? [...shown, `${source}: and ${more} more`] : shown })
  }
  const numbers = Float32Array.from(rows.flatMap(({ cells }) => cells.map(Number)))
  return Values.of(numbers, [rows.length, ...shape], "f32")
}
