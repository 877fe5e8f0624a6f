/** Fills in cells that are missing. */
import * as Schema from "effect/Schema"
import { isMissing } from "../table/table.ts"
import { compareCategories } from "./categories.ts"
import { allNumbers, type Category, isCategory, type Kind, notCategory } from "./step.ts"

export interface Plan {
  readonly _tag: "Impute"
  readonly strategy: "mean" | "median" | "mostFrequent" | { readonly constant: Category }
  readonly indicator: boolean
}

const Fitted = Schema.Struct({
  _tag: Schema.Literal("Impute"),
  value: Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]),
  indicator: Schema.Boolean
})

/** The arithmetic mean, from a first estimate and the mean of what it leaves, so that large offsets cost no digits. */
export const mean = (values: ReadonlyArray<number>): number => {
  const n = values.length
  const first = values.reduce((sum, x) => sum + x, 0) / n
  return first + values.reduce((sum, x) => sum + (x - first), 0) / n
}

/** The middle value in order of size, or the mean of the two middle ones. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = Float64Array.from(values).sort()
  const half = Math.floor(sorted.length / 2)
  const above = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? above : ((sorted[half - 1] ?? Number.NaN) + above) / 2
}

/** The category that occurs most often; of equals the first in order. */
export const mostFrequent = (values: ReadonlyArray<Category>): Category | undefined => {
  const counts = new Map<Category, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([a, m], [b, n]) => n - m || compareCategories(a, b))[0]?.[0]
}

const learn = ({ strategy }: Plan, cells: ReadonlyArray<unknown>): Category | { readonly sentence: string } => {
  if (typeof strategy === "object") return strategy.constant
  const known = cells.filter((cell) => !isMissing(cell))
  if (known.length === 0)
    return { sentence: `all ${cells.length} cells are missing, so nothing can be learned; impute a constant` }
  if (strategy === "mostFrequent") {
    const bad = known.find((cell) => !isCategory(cell))
    return bad === undefined
      ? (mostFrequent(known.filter(isCategory)) ?? { sentence: "there are no rows to learn from" })
      : { sentence: notCategory(bad) }
  }
  // Missing cells stay in place, so that a sentence about one that is no number names its row.
  const filler = known.find((cell) => typeof cell === "number") ?? 0
  const numbers = allNumbers(cells.map((cell) => (isMissing(cell) ? filler : cell)))
  if (typeof numbers === "string") return { sentence: numbers }
  const present = numbers.filter((_, i) => !isMissing(cells[i]))
  const value = strategy === "mean" ? mean(present) : median(present)
  return Number.isFinite(value) ? value : { sentence: `the ${strategy} is ${value}; the numbers are too large` }
}

/** Missing cells become `value`; with `indicator` a second number says whether that was so. */
export const impute: Kind<Plan, typeof Fitted.Type> = {
  schema: Fitted,
  fit: (plan, cells) => {
    const value = learn(plan, cells)
    return typeof value === "object" ? value.sentence : { _tag: "Impute", value, indicator: plan.indicator }
  },
  compile: ({ value, indicator }, next) =>
    indicator
      ? {
          width: next.width + 1,
          names: (column) => [...next.names(column), `${column} missing`],
          write: (cell, out, at) => {
            const missing = isMissing(cell)
            out[at + next.width] = missing ? 1 : 0
            return next.write(missing ? value : cell, out, at)
          }
        }
      : { ...next, write: (cell, out, at) => next.write(isMissing(cell) ? value : cell, out, at) }
}
