/** Categories in a fixed order: false, true, numbers by size, then text by code units. */
import * as Schema from "effect/Schema"
import { type Category, isCategory, notCategory, show } from "./step.ts"

const rank = (category: Category): number => (typeof category === "boolean" ? 0 : typeof category === "number" ? 1 : 2)

/** Which of two categories comes first. */
export const compareCategories = (a: Category, b: Category): number => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0)

/** Different categories, at least one. */
export const Categories = Schema.NonEmptyArray(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])).check(
  Schema.makeFilter((all) => new Set(all).size === all.length || "categories must differ from each other")
)

/** The categories of cells, in order; or the sentence about a cell that is none. */
export const learnCategories = (
  cells: ReadonlyArray<unknown>,
  given: ReadonlyArray<Category> | undefined
): typeof Categories.Type | string => {
  const at = cells.findIndex((cell) => !isCategory(cell))
  if (at >= 0) return `row ${at}: ${notCategory(cells[at])}`
  const found = new Set(cells.filter(isCategory))
  const [first, ...rest] = given ?? [...found].toSorted(compareCategories)
  if (first === undefined) return "there are no rows to learn categories from"
  if (new Set([first, ...rest]).size !== rest.length + 1) return "a category is given twice"
  return [first, ...rest]
}

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
