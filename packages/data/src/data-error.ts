/** The one error of this package: data that cannot be read or does not fit, with every problem that was found. */
import * as Schema from "effect/Schema"

/** One thing that is wrong. Lines and columns count from 1; `found` is the text that stands there. */
export const Problem = Schema.Struct({
  line: Schema.optionalKey(Schema.Int),
  column: Schema.optionalKey(Schema.Int),
  found: Schema.optionalKey(Schema.String),
  sentence: Schema.String
})
export type Problem = typeof Problem.Type

/** How many problems a message spells out; `problems` always has all of them. */
const shown = 10

const place = ({ line, column }: Problem): string =>
  line === undefined ? "" : column === undefined ? `line ${line}: ` : `line ${line}, column ${column}: `

/**
 * Data that cannot be read or does not fit. `source` is the file, or the name of the data set; `kind` says where to
 * look: a `missing` or `unreadable` file, an `empty` one, one with `malformed` rows, or an `argument` that does not fit.
 */
export class DataError extends Schema.TaggedError<DataError>()("DataError", {
  source: Schema.String,
  kind: Schema.Literals(["missing", "unreadable", "empty", "malformed", "argument"]),
  problems: Schema.NonEmptyArray(Problem)
}) {
  override get message(): string {
    const sentences = this.problems.slice(0, shown).map((problem) => `${place(problem)}${problem.sentence}`)
    if (this.problems.length === 1) return `${this.source}: ${sentences.join("")}`
    const rest = this.problems.length - sentences.length
    const lines = rest > 0 ? [...sentences, `and ${rest} more (all are in the error's \`problems\`)`] : sentences
    return `${this.source}: ${this.problems.length} problems, so nothing was read\n${lines.map((s) => `  ${s}`).join("\n")}`
  }
}

/** A `DataError` of one sentence about an argument. */
export const argumentError = (source: string, sentence: string): DataError =>
  new DataError({ source, kind: "argument", problems: [{ sentence }] })
