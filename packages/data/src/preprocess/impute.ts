/** Fills in cells that are missing. */
import * as Schema from "effect/Schema"
import { isMissing } from "../table/table.ts"
import { makeCounts } from "./categories.ts"
import { makeKept, makeMoments, quantile } from "./statistics.ts"
import { type Category, type Kind, type Learner, noRows, numberLearner } from "./step.ts"

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

const finite = (strategy: string, value: number): number | { readonly sentence: string } =>
  Number.isFinite(value) ? value : { sentence: `the ${strategy} is ${value}; the numbers are too large` }

/** Learns the value of a strategy from cells that are known. */
const strategies: Readonly<
  Record<"mean" | "median" | "mostFrequent", () => Learner<Category | { readonly sentence: string }>>
> = {
  mean: () => {
    const moments = makeMoments()
    return numberLearner(moments.take, () => finite("mean", moments.mean()))
  },
  median: () => {
    const kept = makeKept()
    return numberLearner(kept.take, () => finite("median", quantile(kept.sorted(), 0.5)))
  },
  mostFrequent: () => {
    const counts = makeCounts()
    return { take: counts.take, learned: () => counts.mostFrequent() ?? { sentence: noRows } }
  }
}

/** Missing cells become `value`; with `indicator` a second number says whether that was so. */
export const impute: Kind<Plan, typeof Fitted.Type> = {
  schema: Fitted,
  learner: ({ indicator, strategy }) => {
    if (typeof strategy === "object")
      return { take: () => undefined, learned: () => ({ _tag: "Impute", value: strategy.constant, indicator }) }
    const known = strategies[strategy]()
    let cells = 0
    let missing = 0
    return {
      take: (cell) => {
        cells++
        if (!isMissing(cell)) return known.take(cell)
        missing++
        return undefined
      },
      learned: () => {
        if (missing === cells) return `all ${cells} cells are missing, so nothing can be learned; impute a constant`
        const value = known.learned()
        return typeof value === "object" ? value.sentence : { _tag: "Impute", value, indicator }
      }
    }
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
