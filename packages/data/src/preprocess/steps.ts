/** The steps as a user writes them: typed by the cells they take and what they make of them. */
import type { Unknown } from "./encode.ts"
import type { Plan } from "./kinds.ts"
import type { Category } from "./step.ts"
import { checkOptions, type VocabularyOptions } from "./vocabulary.ts"

/** A cell that may be missing. */
export type Missing<T> = T | null | undefined

/** What a step that ends a chain makes: numbers, which no further step takes. */
export interface Features {
  readonly _tag: "Features"
}

/**
 * Turns cells of type `I` into cells of type `O`, or into `Features`. A description only: what it needs to know of the
 * data is learned by `fit`, from the rows that `fit` is given.
 */
export interface Step<in I, out O> {
  readonly plans: ReadonlyArray<Plan>
  /** The column it reads, where that is not the one it is listed under. */
  readonly column?: string
  /** Types only. */
  readonly takes?: (cell: I) => void
  /** Types only. */
  readonly gives?: () => O
}

const step = <I, O>(plan: Plan): Step<I, O> => ({ plans: [plan] })

/** A number as it is; a missing one is refused. */
export const number: Step<number, number> = { plans: [] }

/** A truth value as 0 or 1. */
export const flag: Step<boolean, boolean> = { plans: [] }

/**
 * Fills in missing cells (null, undefined, NaN) with the mean, the median or the most frequent of those that are known,
 * or with a constant. Of equally frequent ones the first in order is taken. With `indicator` there is one more number,
 * 1 where the cell was missing. `"mostFrequent"` takes text, unless told otherwise: `impute<number>("mostFrequent")`.
 */
export const impute: {
  (strategy: "mean" | "median", options?: { readonly indicator?: boolean }): Step<Missing<number>, number>
  <T extends Category = string>(
    strategy: "mostFrequent",
    options?: { readonly indicator?: boolean }
    // Not inferred from where the step is put: \`steps\` would make it never.
  ): Step<Missing<NoInfer<T>>, NoInfer<T>>
  (strategy: { readonly constant: number }, options?: { readonly indicator?: boolean }): Step<Missing<number>, number>
  (strategy: { readonly constant: string }, options?: { readonly indicator?: boolean }): Step<Missing<string>, string>
  (
    strategy: { readonly constant: boolean },
    options?: { readonly indicator?: boolean }
  ): Step<Missing<boolean>, boolean>
} = (
  strategy: "mean" | "median" | "mostFrequent" | { readonly constant: Category },
  options: { readonly indicator?: boolean } = {}
  // The type of the cells follows the strategy, as the overloads say.
): Step<unknown, never> => step({ _tag: "Impute", strategy, indicator: options.indicator ?? false })

/**
 * z = (x - mean) / deviation. The deviation divides by n, not n - 1 (scikit-learn's StandardScaler, Keras'
 * Normalization); a column of equal numbers becomes 0.
 */
export const standardise: Step<number, number> = step({ _tag: "Standardise" })

/**
 * Scales the training rows to `low` to `high`, 0 to 1 by default. Later rows may lie outside, unless `clip`.
 * y = low + (x - min) (high - low) / (max - min)
 */
export const minMax = (
  options: { readonly low?: number; readonly high?: number; readonly clip?: boolean } = {}
): Step<number, number> =>
  step({ _tag: "MinMax", low: options.low ?? 0, high: options.high ?? 1, clip: options.clip ?? false })

/**
 * One number per category, 1 for the cell's own. The categories are those of the training rows, or given. One that is
 * not among them is answered with a sentence (`unknown: "error"`, the default), is all zeros, or `"other"` has a place
 * of its own at the end. With `minCount` a category of fewer training rows is one of those, too.
 */
export const oneHot = (
  options: {
    readonly categories?: ReadonlyArray<Category>
    readonly minCount?: number
    readonly unknown?: Unknown
  } = {}
): Step<Category, Features> => {
  const { categories, minCount = 1, unknown = "error" } = options
  return step({ _tag: "OneHot", categories, minCount, unknown })
}

/** The place of the category, from 0, for an embedding. With `unknown: "other"` there is one more place, the last. */
export const categoryIndex = (
  options: {
    readonly categories?: ReadonlyArray<Category>
    readonly minCount?: number
    readonly unknown?: "error" | "other"
  } = {}
): Step<Category, Features> => {
  const { categories, minCount = 1, unknown = "error" } = options
  return step({ _tag: "Index", categories, minCount, unknown })
}

/**
 * Which interval a number falls into, one-hot or as an index. Interval i is edge i - 1 <= x < edge i, the first and the
 * last are open (numpy.digitize, Keras' Discretization). The edges are written down, or learned: `quantiles` makes
 * intervals of equally many training rows, `widths` equally wide ones.
 */
export const bucket = (
  cut: { readonly edges: ReadonlyArray<number> } | { readonly quantiles: number } | { readonly widths: number },
  options: { readonly as?: "oneHot" | "index" } = {}
): Step<number, Features> => step({ _tag: "Bucket", cut, as: options.as ?? "oneHot" })

/**
 * Text as the numbers of its characters or words, always `length` of them: cut, or filled up with 0. A piece that the
 * training rows do not have is 1 (Keras' TextVectorization). Throws a `DataError` when an option of the vocabulary is
 * not a whole number from 1.
 */
export const tokenise = (options: VocabularyOptions & { readonly length: number }): Step<string, Features> => {
  const { length, ...vocabulary } = options
  checkOptions(vocabulary)
  return step({ _tag: "Tokenise", length, vocabulary })
}

/** Steps one after the other, each on what the one before it makes. */
export const steps: {
  <A, B, C>(first: Step<A, B>, second: Step<B, C>): Step<A, C>
  <A, B, C, D>(first: Step<A, B>, second: Step<B, C>, third: Step<C, D>): Step<A, D>
  <A, B, C, D, E>(first: Step<A, B>, second: Step<B, C>, third: Step<C, D>, fourth: Step<D, E>): Step<A, E>
} = (...all: ReadonlyArray<Step<never, unknown>>): Step<unknown, never> => ({
  // Each takes what the one before gives, as the overloads check.
  plans: all.flatMap(({ plans }) => plans)
})

/** A step on another column than the one whose name it is listed under, to use a column twice. */
export const from = <const C extends string, I, O>(column: C, of: Step<I, O>): Step<I, O> & { readonly column: C } => ({
  ...of,
  column
})
