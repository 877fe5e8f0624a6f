/** Which operations read or write by computed indices, and what those may be: what a check at run time needs to know. */
import type { Attributes, Aval } from "./tensor.ts"

/** An operand that holds indices, and what they choose from: an index in `-size` to `last` is in range, others are moved. */
export interface IndexRange {
  readonly operand: number
  /** How many places there are; negative indices count from the back. */
  readonly size: number
  /** The last place that may be chosen: `size - 1`, unless more than one element is read from there on. */
  readonly last: number
}

/** A node of an expression or of a graph, with the types of its operands. */
interface Application {
  readonly primitive: string
  readonly attributes: Attributes
}

/** Along an axis of the first operand, at the indices that the second one holds. */
const alongAxis = ({ attributes }: Application, [base]: ReadonlyArray<Aval>): IndexRange => {
  const size = base?.shape[Number(attributes["axis"])] ?? 0
  return { operand: 1, size, last: size - 1 }
}

/** Indices whose places are computed for a composition, such as `T.takeAlongAxis` or `T.dynamicSlice`. */
const places = ({ attributes }: Application): IndexRange => ({
  operand: 0,
  size: Number(attributes["size"]),
  last: Number(attributes["last"])
})

const table: { readonly [primitive: string]: (node: Application, inputs: ReadonlyArray<Aval>) => IndexRange } = {
  gather: alongAxis,
  scatter: alongAxis,
  scatterAdd: alongAxis,
  clampIndex: places
}

/** The operand of a node that holds indices and their range, if it has one: the same question for every such primitive. */
export const indexRangeOf = (node: Application, inputs: ReadonlyArray<Aval>): IndexRange | undefined =>
  Object.hasOwn(table, node.primitive) ? table[node.primitive]?.(node, inputs) : undefined
