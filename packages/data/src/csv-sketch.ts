/** Looks into a CSV file and writes the row type that its first rows fit, for a reader to check and paste. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import { csvRows, type Row } from "./csv-rows.ts"
import { DataError } from "./data-error.ts"
import { type Block, recordBlocks } from "./readers/blocks.ts"
import { streamBytes } from "./readers/bytes.ts"
import { boolean, type CellCodec, integer, missing, number, readerOf, Refusal, time } from "./table/cell.ts"

/** How a file is looked into. */
export interface SketchOptions {
  /** What separates cells; a comma by default. */
  readonly delimiter?: string
  /** How many rows are looked at; 10,000 by default. */
  readonly rows?: number
}

/** Text of so few different values is written as a choice of them. */
const choices = 8

const kinds: ReadonlyArray<readonly [name: string, codec: CellCodec]> = [
  ["Cell.integer", integer],
  ["Cell.number", number],
  ["Cell.boolean", boolean],
  ["Cell.time", time]
]

/** The cells of a column that are not missing, as an expression of what reads all of them. */
const expressionOf = (cells: ReadonlyArray<string>): string => {
  const absent = new Set(missing)
  const known = cells.filter((cell) => !absent.has(cell))
  const fits = (codec: CellCodec): boolean => {
    const read = readerOf(codec)
    return known.length > 0 && known.every((cell) => !(read(cell) instanceof Refusal))
  }
  const values = [...new Set(known)].toSorted()
  const few = values.length > 0 && values.length <= choices && values.length * 4 <= known.length
  const expression =
    kinds.find(([, codec]) => fits(codec))?.[0] ??
    (few ? `Cell.oneOf([${values.map((value) => JSON.stringify(value)).join(", ")}])` : "Cell.text")
  return known.length === cells.length ? expression : `Cell.optional(${expression})`
}

const sourceOf = (names: ReadonlyArray<string>, rows: ReadonlyArray<Row>): string => {
  const lines = names.map((name, at) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
    return `  ${key}: ${expressionOf(rows.map(({ cells }) => cells[at] ?? ""))}`
  })
  return `Schema.Struct({\n${lines.join(",\n")}\n})`
}

/**
 * The row type that the first rows of a CSV file fit, as TypeScript: a start to check and paste, for reading guesses
 * nothing. A column whose cells are all missing, or of few different texts, is where to look first.
 * Fails with a `DataError` for a file without rows or without a line of names.
 */
export const sketch = (
  path: string,
  options: SketchOptions = {}
): Effect.Effect<string, DataError, FileSystem.FileSystem> => {
  const { delimiter = ",", rows: most = 10_000 } = options
  const found: Array<Row> = []
  const take = ({ bytes, line }: Block): boolean => {
    for (const row of csvRows(bytes, delimiter, line - 1).rows) found.push(row)
    return found.length <= most
  }
  return Stream.runForEachWhile(recordBlocks(path, true)(streamBytes(path)), (block) =>
    Effect.sync(() => take(block))
  ).pipe(
    Effect.andThen(
      Effect.suspend(() => {
        const [first, ...rest] = found.slice(0, most + 1)
        return first === undefined || rest.length === 0
          ? Effect.fail(
              new DataError({
                source: path,
                kind: "empty",
                problems: [{ sentence: "a line of names and rows are needed" }]
              })
            )
          : Effect.succeed(sourceOf(first.cells, rest))
      })
    )
  )
}
