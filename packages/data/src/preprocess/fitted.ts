/** Fitted preprocessing: what a recipe has learned from training rows, a plain value that stores as JSON. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { DataError } from "../data-error.ts"
import type { Row, Table } from "../table/table.ts"
import { Categories } from "./categories.ts"
import { type Fitting, makeFitting } from "./fitting.ts"
import { Learned } from "./kinds.ts"
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
 * Learns everything a recipe needs from these rows and no others, so give it the training part of a split. What is
 * learned takes all of these rows. Fails with a `DataError` that has a sentence per column: a column that is not there,
 * a cell of another type, nothing to learn from.
 */
export const fit = <R extends Row, T, K extends TargetKind>(
  recipe: Recipe<R, T, K>,
  training: Table<NoInfer<R & T>>
): Result.Result<Fitted<R, K>, DataError> => {
  const fitting = makeFitting(recipe, training.name, true)
  do fitting.take(training)
  while (fitting.end())
  return resultOf<R, K>(fitting)
}

/** What was learned of a recipe for rows of `R`. */
const resultOf = <R extends Row, K extends TargetKind>(fitting: Fitting): Result.Result<Fitted<R, K>, DataError> => {
  const result = fitting.result()
  // It was learned for the recipe of R and K.
  return result instanceof DataError ? Result.fail(result) : Result.succeed(result as Fitted<R, K>)
}

/**
 * As `fit`, from a stream of tables, which is run once for every step of the longest chain, so data of any size is
 * learned from: `Preprocess.fitStream(recipe, DataStream.split(Csv.stream(path, Row), 0.2, 1).train)`. Statistics are
 * exactly those of `fit`; medians and quantiles keep eight bytes per row. Rows are not checked again after learning.
 */
export const fitStream = <R extends Row, T, K extends TargetKind, S = never>(
  recipe: Recipe<R, T, K>,
  training: Stream.Stream<Table<NoInfer<R & T>>, DataError, S>,
  name = "stream"
): Effect.Effect<Fitted<R, K>, DataError, S> =>
  Effect.suspend(() => {
    const fitting = makeFitting(recipe, name, false)
    const pass: Effect.Effect<void, DataError, S> = Effect.flatMap(
      Stream.runForEach(training, (table) => Effect.sync(() => fitting.take(table))),
      () => (fitting.end() ? pass : Effect.void)
    )
    return Effect.andThen(
      pass,
      Effect.suspend(() => Effect.fromResult(resultOf<R, K>(fitting)))
    )
  })

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
