/** The border of programs: what enters is checked against what the program was built for, before anything is written. */
import { isTensor, sizeOf, Tree, type Value, Values } from "@cotangent/graph"
import { BorderError, sentenceOf } from "./errors.ts"
import type { LeafSpec } from "./layout.ts"

const show = ({ dtype, shape }: Pick<LeafSpec, "dtype" | "shape">): string => `${dtype}[${shape.join(", ")}]`

const problemOf = (expected: LeafSpec, given: unknown): string | undefined => {
  if (given === undefined) return `is missing, ${show(expected)} is needed`
  if (isTensor(given)) return "is an expression, not a value: evaluate it first, with Compute.eval or T.evaluate"
  if (!Values.isValue(given)) return `must be a value { shape, dtype, data } of ${show(expected)}`
  if (given.dtype !== expected.dtype || given.shape.join() !== expected.shape.join())
    return `must be ${show(expected)}, it is ${show(given)}`
  const size = sizeOf(expected.shape)
  return given.data.length === size
    ? undefined
    : `is ${show(expected)} and must hold ${size} elements, it holds ${given.data.length}`
}

const entriesOf = (where: string, tree: unknown): ReadonlyArray<Tree.Leaf<unknown>> => {
  try {
    return Tree.entries<unknown>(tree)
  } catch (thrown) {
    throw new BorderError({ message: `${where}: ${sentenceOf(thrown)}` })
  }
}

/**
 * The values of a tree in the order of the leaves it must have. Records may list their fields in any order. Throws a
 * BorderError that names the first leaf that is missing, unexpected, or of another shape, element type or length.
 */
export const checkLeaves = (where: string, leaves: ReadonlyArray<LeafSpec>, tree: unknown): ReadonlyArray<Value> => {
  const given = new Map(entriesOf(where, tree).map(({ path, leaf }) => [path, leaf]))
  const values = leaves.flatMap((expected) => {
    const value = given.get(expected.path)
    const problem = problemOf(expected, value)
    if (problem !== undefined)
      throw new BorderError({ message: `${where}: ${expected.path || "the value"} ${problem}` })
    return Values.isValue(value) ? [value] : []
  })
  if (given.size > leaves.length) {
    const known = new Set(leaves.map(({ path }) => path))
    const surplus = [...given.keys()].filter((path) => !known.has(path))
    throw new BorderError({ message: `${where}: ${surplus.join(", ")} was given and is not expected` })
  }
  return values
}
