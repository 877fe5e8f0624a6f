/** What checked mode looks at: whether every index is in range. */
import { type Aval, type Graph, type PrimitiveName, sizeOf } from "@cotangent/graph"
import { first, type Rewriter } from "../rewriter.ts"
import { filled, type Observer } from "./observe.ts"

type Reference = Graph.Reference

/** An operand of a node that holds indices, and what they choose from. */
export interface IndexRange {
  readonly operand: number
  /** How many places there are; index `-size` is the first, as index 0 is. */
  readonly size: number
  /** The last place that may be chosen: `size - 1`, unless more than one element is read from there on. */
  readonly last: number
}

/** A check: 1 where an index of a node is out of range, else 0. */
export interface IndexSight {
  readonly tag: "index"
}

const alongAxis = ({ attributes }: Graph.GraphNode, [table]: ReadonlyArray<Aval>): IndexRange => {
  const size = table?.shape[Number(attributes["axis"])] ?? 0
  return { operand: 1, size, last: size - 1 }
}

const ranges: Readonly<
  Partial<Record<PrimitiveName, (node: Graph.GraphNode, inputs: ReadonlyArray<Aval>) => IndexRange>>
> = {
  gather: alongAxis,
  scatter: alongAxis,
  scatterAdd: alongAxis,
  clampIndex: ({ attributes: { size, last } }) => ({ operand: 0, size: Number(size), last: Number(last) })
}

/** The operand of a node that holds indices, if one does. */
export const rangeOf = (node: Graph.GraphNode, inputs: ReadonlyArray<Aval>): IndexRange | undefined =>
  ranges[node.primitive]?.(node, inputs)

/** Whether an index chooses a place that exists, without being moved. */
export const isInRange = (index: number, { size, last }: IndexRange): boolean => {
  const place = index < 0 ? index + size : index
  return place >= 0 && place <= last
}

/** 1 if an index is out of range, else 0: `isInRange` in a graph. */
const isOutside = (rewriter: Rewriter, indices: Reference, { size, last }: IndexRange): Reference => {
  const aval = rewriter.aval(indices)
  const number = (x: number): Reference => filled(rewriter, aval, x)
  const isNegative = rewriter.add("lt", [indices, number(0)])
  const counted = rewriter.add("add", [indices, number(size)])
  const place = first(rewriter.add("select", [...isNegative, ...counted, indices]))
  const below = rewriter.add("lt", [place, number(0)])
  const above = rewriter.add("lt", [number(last), place])
  const outside = rewriter.add("cast", rewriter.add("or", [...below, ...above]), { dtype: "i32" })
  const axes = aval.shape.map((_, d) => d)
  return first(axes.length === 0 ? outside : rewriter.add("reduceMax", outside, { axes }))
}

/** Sees whether indices are in range, one flag a node. */
export const indexObserver: Observer<IndexSight> = (rewriter, node, inputs) => {
  const range = rangeOf(node, inputs.map(rewriter.aval))
  const indices = range === undefined ? undefined : inputs[range.operand]
  if (range === undefined || indices === undefined || sizeOf(rewriter.aval(indices).shape) === 0) return []
  return [{ about: { tag: "index" }, value: isOutside(rewriter, indices, range), keeps: "largest" }]
}
