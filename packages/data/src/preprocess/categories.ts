/** Categories in a fixed order: false, true, numbers by size, then text by code units. */
import * as Schema from "effect/Schema"
import { type Category, isCategory, type Learner, notCategory, show } from "./step.ts"

const rank = (category: Category): number => (typeof category === "boolean" ? 0 : typeof category === "number" ? 1 : 2)

/** Which of two categories comes first. */
export const compareCategories = (a: Category, b: Category): number => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0)

/** Different categories, at least one. */
export const Categories = Schema.NonEmptyArray(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])).check(
  Schema.makeFilter((all) => new Set(all).size === all.length || "categories must differ from each other")
)

/** How often categories occur. */
export interface Counts {
  readonly take: (cell: unknown) => string | undefined
  /** The category that occurs most often; of equals the first in order. */
  readonly mostFrequent: () => Category | undefined
  /** The categories that occur at least so often, in order. */
  readonly atLeast: (count: number) => ReadonlyArray<Category>
}

export const makeCounts = (): Counts => {
  const counts = new Map<Category, number>()
  return {
    take: (cell) => {
      if (!isCategory(cell)) return notCategory(cell)
      counts.set(cell, (counts.get(cell) ?? 0) + 1)
      return undefined
    },
    mostFrequent: () => [...counts].toSorted(([a, m], [b, n]) => n - m || compareCategories(a, b))[0]?.[0],
    atLeast: (least) =>
      [...counts].flatMap(([category, count]) => (count >= least ? [category] : [])).toSorted(compareCategories)
  }
}

/** Learns the categories of cells, in order; those that are given are taken as they are. */
export const categoryLearner = (
  given: ReadonlyArray<Category> | undefined,
  minCount = 1
): Learner<typeof Categories.Type> => {
  const counts = makeCounts()
  return {
    take: counts.take,
    learned: () => {
      if (!Number.isInteger(minCount) || minCount < 1)
        return `\`minCount\` is ${minCount}; a whole number from 1 is needed`
      const [first, ...rest] = given ?? counts.atLeast(minCount)
      if (first === undefined)
        return minCount > 1 && counts.atLeast(1).length > 0
          ? `no category occurs ${minCount} times; choose a smaller \`minCount\``
          : "there are no rows to learn categories from"
      return new Set([first, ...rest]).size === rest.length + 1 ? [first, ...rest] : "a category is given twice"
    }
  }
}

/** A learner that goes on from what another one has learned. */
export const mapLearner = <A, B>({ learned, take }: Learner<A>, f: (a: A) => B): Learner<B> => ({
  take,
  learned: () => {
    const a = learned()
    return typeof a === "string" ? a : f(a)
  }
})

/** The place of a category. */
export const finder = (categories: ReadonlyArray<Category>): ((cell: unknown) => number | undefined) => {
  const places = new Map<unknown, number>(categories.map((category, i) => [category, i]))
  return (cell) => places.get(cell)
}

/** The sentence for a cell that is none of the categories. */
export const unknownCategory = (cell: unknown, categories: ReadonlyArray<Category>): string => {
  if (!isCategory(cell)) return notCategory(cell)
  const shown = categories.slice(0, 8).map(show).join(", ")
  const rest = categories.length > 8 ? ` and ${categories.length - 8} more` : ""
  return `${show(cell)} is none of the categories of the training rows, ${shown}${rest}; correct it, or choose another \`unknown\``
}
