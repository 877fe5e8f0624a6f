/** Numbers by the interval they fall into. */
import * as Schema from "effect/Schema"
import { allNumbers, isNumber, type Kind, notNumber } from "./step.ts"

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

/** The quantile q of sorted numbers, linear between neighbours (type 7 of Hyndman and Fan 1996, numpy's default). */
export const quantile = (sorted: Float64Array, q: number): number => {
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below] ?? Number.NaN
  return low + ((sorted[Math.min(below + 1, sorted.length - 1)] ?? low) - low) * (place - below)
}

const learn = ({ cut }: Plan, cells: ReadonlyArray<unknown>): ReadonlyArray<number> | string => {
  if ("edges" in cut) return cut.edges
  const count = "quantiles" in cut ? cut.quantiles : cut.widths
  if (!Number.isInteger(count) || count < 2) return `${count} intervals were asked for; a whole number from 2 is needed`
  const numbers = allNumbers(cells)
  if (typeof numbers === "string") return numbers
  const sorted = Float64Array.from(numbers).sort()
  const [low = 0] = sorted
  const high = sorted.at(-1) ?? low
  const edge = (i: number) => ("quantiles" in cut ? quantile(sorted, i / count) : low + ((high - low) * i) / count)
  // Equal quantiles, where many rows have the same number, are one edge; one at the lowest number cuts nothing off.
  const edges = new Set(Array.from({ length: count - 1 }, (_, i) => edge(i + 1)).filter((x) => x > low))
  return edges.size === 0 ? `all rows are ${low}, or nearly all, so there are no intervals to learn` : [...edges]
}

/** Interval i holds edge i - 1 <= x < edge i; the first and the last one are open. */
export const bucket: Kind<Plan, typeof Fitted.Type> = {
  schema: Fitted,
  fit: (plan, cells) => {
    const edges = learn(plan, cells)
    if (typeof edges === "string") return edges
    const [first, ...rest] = edges
    if (first === undefined || !edges.every(Number.isFinite) || !ascending(edges))
      return `the edges [${edges.join(", ")}] are not one or more finite numbers in ascending order`
    return { _tag: "Bucket", edges: [first, ...rest], as: plan.as }
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
