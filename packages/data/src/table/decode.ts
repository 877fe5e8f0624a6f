/** Tables of values that a Schema decodes, row by row, with every row that does not fit. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DataError, type Problem } from "../data-error.ts"
import { issuesOf } from "./issues.ts"
import { fromRows, type Row, type Table } from "./table.ts"

/** A Schema of a row. */
export type RowSchema<R extends Row> = Schema.Codec<R, unknown>

/** A failed reading. */
export const failure = (source: string, kind: DataError["kind"], first: Problem, ...rest: ReadonlyArray<Problem>) =>
  Result.fail(new DataError({ source, kind, problems: [first, ...rest] }))

/** A value to decode and where it stands: a line of a file, or a row counted from 0. */
export interface Placed {
  readonly value: unknown
  readonly line?: number
  readonly row?: number
}

const at = ({ line, row }: Placed, sentence: string): Problem => ({
  ...(line === undefined ? {} : { line }),
  sentence: row === undefined ? sentence : `row ${row}: ${sentence}`
})

/** The rows that a Schema makes of values, and what it says of those that do not fit, up to `limit` problems. */
export const decodeRows = <R extends Row>(
  values: Iterable<Placed>,
  schema: RowSchema<R>,
  limit: number
): { readonly rows: ReadonlyArray<R>; readonly problems: ReadonlyArray<Problem> } => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all" })
  const rows: Array<R> = []
  const problems: Array<Problem> = []
  for (const placed of values) {
    const { value } = placed
    if (value instanceof NotJson) problems.push(at(placed, value.sentence))
    else {
      const decoded = decode(value)
      if (Result.isSuccess(decoded)) rows.push(decoded.success)
      else for (const sentence of issuesOf(decoded.failure, value)) problems.push(at(placed, sentence))
    }
    if (problems.length >= limit) break
  }
  return { rows, problems }
}

/** What stands in the place of a value that is no JSON. */
export class NotJson {
  readonly sentence: string
  constructor(reason: string) {
    this.sentence = `this is not JSON: ${reason}`
  }
}

/** The table of rows, if there are rows and no problems. */
export const tableOf = <R extends Row>(
  source: string,
  name: string,
  { problems, rows }: ReturnType<typeof decodeRows<R>>
): Result.Result<Table<R>, DataError> => {
  const [first, ...rest] = problems
  if (first !== undefined) return failure(source, "malformed", first, ...rest)
  return rows.length === 0
    ? failure(source, "empty", { sentence: "there are no rows" })
    : Result.succeed(fromRows(withAllKeys(rows), name))
}

/** Keys that some rows leave out are missing cells of theirs. */
const withAllKeys = <R extends Row>(rows: ReadonlyArray<R>): ReadonlyArray<R> => {
  const names = new Set(rows.flatMap((row) => Object.keys(row)))
  const none = Object.fromEntries(Array.from(names, (name) => [name, undefined]))
  return rows.every((row) => Object.keys(row).length === names.size) ? rows : rows.map((row) => ({ ...none, ...row }))
}
