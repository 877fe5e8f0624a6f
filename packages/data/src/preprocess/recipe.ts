/** Recipes: which columns become inputs, by which steps, and what is to be predicted. */
import { argumentError } from "../data-error.ts"
import type { Row } from "../table/table.ts"
import type { Plan } from "./kinds.ts"
import { type Features, number, type Step } from "./steps.ts"

/** What the targets are: class indices, numbers, or none. */
export type TargetKind = "label" | "number" | "none"

/** What is to be predicted. */
export interface Target<in R, out K extends TargetKind> {
  readonly kind: K
  readonly column: string
  /** Classes written down; those of the training rows by default. */
  readonly classes?: ReadonlyArray<string | number | boolean>
  readonly plans: ReadonlyArray<Plan>
  /** Types only. */
  readonly takes?: (row: R) => void
}

/** A description of how rows of type `R` become inputs, and of the target, which reads `T`; nothing is learned yet. */
export interface Recipe<in R extends Row, in T = unknown, out K extends TargetKind = TargetKind> {
  readonly inputs: ReadonlyArray<{
    readonly name: string
    readonly column: string
    readonly plans: ReadonlyArray<Plan>
  }>
  readonly target: Target<T, K> | undefined
  /** Types only. */
  readonly takes?: (row: R) => void
}

/** Steps by name, each ending in numbers. */
export type Inputs = Readonly<Record<string, Step<never, number | boolean | Features>>>

/** The row that steps read: their columns with the cells they take. */
export type RowOf<I extends Inputs> = {
  readonly [
    K in keyof I & string as I[K] extends { readonly column: infer C extends string } ? C : K
  ]: I[K] extends Step<infer T, unknown> ? T : never
}

/**
 * The target is a class. Its classes are those of the training rows in order (numbers by size, text by code units), or
 * those given; the data set has their indices.
 */
export const label = <const C extends string>(
  column: C,
  options: { readonly classes?: ReadonlyArray<string | number | boolean> } = {}
): Target<{ readonly [K in C]: string | number | boolean }, "label"> => ({
  kind: "label",
  column,
  plans: [],
  ...options
})

/** The target is a number, as it is or scaled by `step`; `decode` turns a prediction back. */
export const target = <const C extends string>(
  column: C,
  step: Step<number, number> = number
): Target<{ readonly [K in C]: number }, "number"> => ({ kind: "number", column, plans: step.plans })

/**
 * A recipe: the inputs by name, in the order of the features, and the target, if there is one. A name is that of the
 * column it reads, unless the step says otherwise with `from`. Throws a `DataError` when there are no inputs, or an
 * input reads the column of the target.
 *
 * ```ts
 * import { Result } from "effect"
 * const recipe = Preprocess.make(
 *   { age: Preprocess.steps(Preprocess.impute("mean"), Preprocess.standardise), city: Preprocess.oneHot() },
 *   Preprocess.label("bought")
 * )
 * const rows = Table.fromColumns({
 *   age: [20, null, 40],
 *   city: ["Bern", "Rome", "Bern"],
 *   bought: [true, false, true]
 * })
 * const fitted = Result.getOrThrow(Preprocess.fit(recipe, rows))
 * console.log(Preprocess.features(fitted)) // => [ 'age', 'city=Bern', 'city=Rome' ]
 * ```
 */
export const make = <const I extends Inputs, T = unknown, K extends TargetKind = "none">(
  inputs: I,
  predicted?: Target<T, K>
): Recipe<RowOf<I>, T, K> => {
  const listed = Object.entries(inputs).map(([name, { column = name, plans }]) => ({ name, column, plans }))
  if (listed.length === 0) throw argumentError("preprocessing", "a recipe needs at least one input")
  const leak = predicted === undefined ? undefined : listed.find(({ column }) => column === predicted.column)
  if (leak !== undefined)
    throw argumentError(
      "preprocessing",
      `the input ${JSON.stringify(leak.name)} reads ${JSON.stringify(leak.column)}, which is the target; a model would only copy it`
    )
  return { inputs: listed, target: predicted }
}
