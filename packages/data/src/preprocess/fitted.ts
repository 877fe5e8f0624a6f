/** Fitted preprocessing: what a recipe has learned from training rows, a plain value that stores as JSON. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DataError, type Problem } from "../data-error.ts"
import { noColumn, type Row, type Table } from "../table/table.ts"
import { Categories, learnCategories, unknownCategory, finder } from "./categories.ts"
import { learn, Learned } from "./kinds.ts"
import type { Recipe, TargetKind } from "./recipe.ts"

const Input = Schema.Struct({ name: Schema.String, column: Schema.String, steps: Schema.Array(Learned) })

const Target = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("label"), column: Schema.String, classes: Categories }),
  Schema.Struct({ kind: Schema.Literal("number"), column: Schema.String, steps: Schema.Array(Learned) })
])

/** The stored form; `version` changes when its meaning does. */
export const Stored = Schema.Struct({
  version: Schema.Literal(1),
  inputs: Schema.NonEmptyArray(Input),
  target: Schema.optionalKey(Target)
})

/** What was learned, for rows of type `R` and targets of kind `K`. Immutable, made of plain JSON values. */
export interface Fitted<in R extends Row, out K extends TargetKind = TargetKind> {
  readonly version: 1
  readonly inputs: (typeof Stored.Type)["inputs"]
  readonly target?: typeof Target.Type
  /** Types only. */
  readonly takes?: (row: R) => void
  /** Types only. */
  readonly gives?: () => K
}

/** Any fitted preprocessing. */
export type AnyFitted = Fitted<never>

/** Fitted preprocessing as it comes from a file: it takes any row, and says in a sentence what is wrong with one. */
export type LoadedFitted = Fitted<Row>

/**
 * Learns everything a recipe needs from these rows and no others, so give it the training part of a split. Fails with a
 * `DataError` that has a sentence per column: a column that is not there, a cell of another type, nothing to learn from.
 */
export const fit = <R extends Row, T, K extends TargetKind>(
  recipe: Recipe<R, T, K>,
  training: Table<NoInfer<R & T>>
): Result.Result<Fitted<R, K>, DataError> => {
  const problems: Array<Problem> = []
  const complain = (column: string, sentence: string) =>
    problems.push({ sentence: `column ${JSON.stringify(column)}: ${sentence}` })
  const cellsOf = (column: string): ReadonlyArray<unknown> | undefined => {
    if (Object.hasOwn(training.columns, column)) return training.columns[column]
    problems.push({ sentence: noColumn(training, column) })
    return undefined
  }
  const learnColumn = (column: string, plans: Parameters<typeof learn>[0]) => {
    const cells = cellsOf(column)
    const steps = cells === undefined ? undefined : learn(plans, cells)
    if (steps !== undefined && "sentence" in steps) complain(column, steps.sentence)
    return steps === undefined || "sentence" in steps ? [] : steps
  }
  if (training.size === 0)
    return Result.fail(
      new DataError({
        source: training.name,
        kind: "empty",
        problems: [{ sentence: "there are no rows to learn from" }]
      })
    )
  const inputs = recipe.inputs.map(({ name, column, plans }) => ({ name, column, steps: learnColumn(column, plans) }))
  const learnTarget = (): typeof Target.Type | undefined => {
    if (recipe.target === undefined) return undefined
    const { kind, column, plans, classes } = recipe.target
    if (kind !== "label") return { kind: "number", column, steps: learnColumn(column, plans) }
    const cells = cellsOf(column)
    if (cells === undefined) return undefined
    const found = learnCategories(cells, classes)
    if (typeof found === "string") {
      complain(column, found)
      return undefined
    }
    const find = finder(found)
    const at = cells.findIndex((cell) => find(cell) === undefined)
    if (at >= 0) complain(column, `row ${at}: ${unknownCategory(cells[at], found)}`)
    return { kind: "label", column, classes: found }
  }
  const target = learnTarget()
  const [problem, ...others] = problems
  if (problem !== undefined)
    return Result.fail(new DataError({ source: training.name, kind: "malformed", problems: [problem, ...others] }))
  const [first, ...rest] = inputs
  // A recipe has at least one input.
  if (first === undefined)
    return Result.fail(
      new DataError({ source: training.name, kind: "argument", problems: [{ sentence: "the recipe has no inputs" }] })
    )
  return Result.succeed({ version: 1, inputs: [first, ...rest], ...(target === undefined ? {} : { target }) })
}

/** The JSON form: `Schema.encodeSync(Preprocess.codec)(fitted)` to store, `decodeUnknown...` to load. */
export const codec: Schema.Codec<LoadedFitted, typeof Stored.Encoded> = Stored

/** Reads stored preprocessing; fails with a `DataError` that says what does not fit. */
export const decode = (json: unknown, source = "preprocessing"): Result.Result<LoadedFitted, DataError> =>
  Result.mapError(
    Schema.decodeUnknownResult(Stored)(json),
    (error) =>
      new DataError({
        source,
        kind: "malformed",
        problems: [{ sentence: `this is no stored preprocessing: ${error.message}` }]
      })
  )

/** The plain JSON value to store. */
export const encode = (self: AnyFitted): typeof Stored.Encoded =>
  // Only types tell one fitted preprocessing from another.
  Schema.encodeSync(Stored)(self as unknown as typeof Stored.Type)
