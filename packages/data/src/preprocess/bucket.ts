/** Numbers by the interval they fall into. */
import * as Schema from "effect/Schema"
import { makeKept, quantile } from "./statistics.ts"
import { isNumber, type Kind, noRows, notNumber, numberLearner } from "./step.ts"

export interface Plan {
  readonly _tag: "Bucket"
  /** Edges written down, or how many intervals to learn: equally full, or equally wide. */
  readonly cut: { readonly edges: ReadonlyArray<number> } | { readonly quantiles: number } | { readonly widths: number }
  readonly as: "oneHot" | "index"
}

const ascending = (edges: ReadonlyArray<number>): boolean => edges.every((x, i) => i === 0 || x > (edges[i - 1] ?? x))

const Fitted = Schema.Struct({
  _tag: Schema.Literal("Bucket"),
  edges: Schema.NonEmptyArray(Schema.Finite).check(
    Schema.makeFilter((edges) => ascending(edges) || "edges must ascend")
  ),
  as: Schema.Literals(["oneHot", "index"])
})

/** The edges between equally full or equally wide intervals of sorted numbers. */
const learnEdges = (sorted: Float64Array, count: number, full: boolean): ReadonlyArray<number> | string => {
  if (!Number.isInteger(count) || count < 2) return `${count} intervals were asked for; a whole number from 2 is needed`
  const [low] = sorted
  if (low === undefined) return noRows
  const high = sorted.at(-1) ?? low
  const edge = (i: number) => (full ? quantile(sorted, i / count) : low + ((high - low) * i) / count)
  // Equal quantiles, where many rows have the same number, are one edge; one at the lowest number cuts nothing off.
  const edges = new Set(Array.from({ length: count - 1 }, (_, i) => edge(i + 1)).filter((x) => x > low))
  return edges.size === 0 ? `all rows are ${low}, or nearly all, so there are no intervals to learn` : [...edges]
}

/** Interval i holds edge i - 1 <= x < edge i; the first and the last one are open. */
export const bucket: Kind<Plan, typeof Fitted.Type> = {
  schema: Fitted,
  learner: ({ as, cut }) => {
    const kept = makeKept()
    const learn = () => {
      if ("edges" in cut) return cut.edges
      const full = "quantiles" in cut
      return learnEdges(kept.sorted(), full ? cut.quantiles : cut.widths, full)
    }
    return numberLearner("edges" in cut ? () => undefined : kept.take, () => {
      const edges = learn()
      if (typeof edges === "string") return edges
      const [first, ...rest] = edges
      if (first === undefined || !edges.every(Number.isFinite) || !ascending(edges))
        return `the edges [${edges.join(", ")}] are not one or more finite numbers in ascending order`
      return { _tag: "Bucket", edges: [first, ...rest], as }
    })
  },
  compile: ({ edges, as }) => {
    const sorted = Float64Array.from(edges)
    const place = (x: number): number => {
      let low = 0
      let high = sorted.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (x >= (sorted[middle] ?? Infinity)) low = middle + 1
        else high = middle
      }
      return low
    }
    const width = as === "oneHot" ? edges.length + 1 : 1
    return {
      width,
      names: (column) =>
        as === "index"
          ? [`${column} bucket`]
          : Array.from({ length: width }, (_, i) => `${column} in [${edges[i - 1] ?? "-inf"}, ${edges[i] ?? "inf"})`),
      write: (cell, out, at) => {
        if (!isNumber(cell)) return notNumber(cell)
        if (as === "index") out[at] = place(cell)
        else {
          out.fill(0, at, at + width)
          out[at + place(cell)] = 1
        }
        return undefined
      }
    }
  }
}
