/** Categories as numbers: one number per category, or one index. */
import * as Schema from "effect/Schema"
import { Categories, finder, learnCategories, unknownCategory } from "./categories.ts"
import { type Category, isCategory, type Kind, notCategory } from "./step.ts"

/** What becomes of a category that the training rows do not have: a sentence, zeros only, or a place of its own. */
export type Unknown = "error" | "zeros" | "other"

export interface OneHotPlan {
  readonly _tag: "OneHot"
  readonly categories: ReadonlyArray<Category> | undefined
  readonly unknown: Unknown
}

export interface IndexPlan {
  readonly _tag: "Index"
  readonly categories: ReadonlyArray<Category> | undefined
  readonly unknown: "error" | "other"
}

const OneHot = Schema.Struct({
  _tag: Schema.Literal("OneHot"),
  categories: Categories,
  unknown: Schema.Literals(["error", "zeros", "other"])
})

const Index = Schema.Struct({
  _tag: Schema.Literal("Index"),
  categories: Categories,
  unknown: Schema.Literals(["error", "other"])
})

/** Number i is 1 where the cell is category i, else 0. */
export const oneHot: Kind<OneHotPlan, typeof OneHot.Type> = {
  schema: OneHot,
  fit: (plan, cells) => {
    const categories = learnCategories(cells, plan.categories)
    return typeof categories === "string" ? categories : { _tag: "OneHot", categories, unknown: plan.unknown }
  },
  compile: ({ categories, unknown }) => {
    const find = finder(categories)
    const width = categories.length + (unknown === "other" ? 1 : 0)
    return {
      width,
      names: (column) => [
        ...categories.map((category) => `${column}=${category}`),
        ...(unknown === "other" ? [`${column} other`] : [])
      ],
      write: (cell, out, at) => {
        const place = find(cell)
        if (place === undefined && (unknown === "error" || !isCategory(cell))) return unknownCategory(cell, categories)
        out.fill(0, at, at + width)
        if (place !== undefined) out[at + place] = 1
        else if (unknown === "other") out[at + categories.length] = 1
        return undefined
      }
    }
  }
}

/** The place of the category, from 0; what the training rows do not have is the last place of its own. */
export const index: Kind<IndexPlan, typeof Index.Type> = {
  schema: Index,
  fit: (plan, cells) => {
    const categories = learnCategories(cells, plan.categories)
    return typeof categories === "string" ? categories : { _tag: "Index", categories, unknown: plan.unknown }
  },
  compile: ({ categories, unknown }) => {
    const find = finder(categories)
    return {
      width: 1,
      names: (column) => [column],
      write: (cell, out, at) => {
        const place = find(cell)
        if (place === undefined && unknown === "error") return unknownCategory(cell, categories)
        if (place === undefined && !isCategory(cell)) return notCategory(cell)
        out[at] = place ?? categories.length
        return undefined
      }
    }
  }
}
