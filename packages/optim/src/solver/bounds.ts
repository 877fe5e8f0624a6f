/** Bounds and starts as they are given, checked: every mistake is a sentence. */
import { type AnyTensor, isFloat, isTensor, operations as ops, Tree, TreeError, type Value } from "@cotangent/graph"
import type { Box } from "./box.ts"
import type { Flattening } from "./flat.ts"

/** A bound: one number for every element, or a tree like the parameters. Infinity is no bound. */
export type Bound<P> = number | P

/** The elements of a leaf that is a constant, and so known before anything runs. */
const known = ({ node: { primitive, attributes } }: AnyTensor): ArrayLike<number> | undefined => {
  if (primitive !== "constant") return undefined
  // The attribute that the record of the constant primitive states.
  const { data } = attributes["value"] as Value
  return Array.from(data, Number)
}

const at = (path: string, leaf: AnyTensor, i: number): string =>
  `${leaf.shape.length === 0 ? "" : `element ${i}${path === "" ? "" : " of "}`}${path}` || "it"

/** Sentences about constant elements for which `holds` is false. */
const wrongElements = (
  name: string,
  tree: unknown,
  mustBe: string,
  holds: (x: number) => boolean
): ReadonlyArray<string> =>
  Tree.entries<AnyTensor>(tree).flatMap(({ path, leaf }) => {
    const data = known(leaf)
    const i = Array.from(data ?? []).findIndex((x) => !holds(x))
    return data === undefined || i < 0 ? [] : [`${name} must be ${mustBe}, ${at(path, leaf, i)} is ${data[i]}`]
  })

/** What is wrong with a start that is known before anything runs. */
export const mistakesOfStart = (x0: unknown): ReadonlyArray<string> =>
  wrongElements("x0", x0, "finite", Number.isFinite)

const isTree = (bound: unknown): boolean => isTensor(bound) || (typeof bound === "object" && bound !== null)

const mistakesOfBound = (name: string, x0: unknown, bound: unknown): ReadonlyArray<string> => {
  if (bound === undefined) return []
  if (typeof bound === "number")
    return Number.isNaN(bound) ? [`${name} must be a number or a tree like x0, it is NaN`] : []
  if (!isTree(bound)) return [`${name} must be a number or a tree like x0, it is ${typeof bound}`]
  try {
    Tree.leavesLike(name, x0, bound)
  } catch (thrown) {
    if (thrown instanceof TreeError) return [thrown.message]
    throw thrown
  }
  return wrongElements(name, bound, "no NaN", (x) => !Number.isNaN(x))
}

/** For each leaf of x0 the elements of a bound, where they are known. */
const elements = (x0: unknown, bound: unknown): ReadonlyArray<((i: number) => number) | undefined> => {
  if (typeof bound === "number") return Tree.leaves(x0).map(() => () => bound)
  return Tree.leavesLike("the bound", x0, bound).map((leaf) => {
    const data = known(leaf)
    return data === undefined ? undefined : (i) => data[i] ?? NaN
  })
}

/** What is wrong with bounds: other shapes than x0, NaN, or a lower bound above the upper one. */
export const mistakesOfBounds = (x0: unknown, lower: unknown, upper: unknown): ReadonlyArray<string> => {
  const each = [...mistakesOfBound("lower", x0, lower), ...mistakesOfBound("upper", x0, upper)]
  if (each.length > 0 || lower === undefined || upper === undefined) return each
  const [lowest, highest] = [elements(x0, lower), elements(x0, upper)]
  return Tree.entries<AnyTensor>(x0).flatMap(({ path, leaf }, k) => {
    const [low, high] = [lowest[k], highest[k]]
    if (low === undefined || high === undefined || !isFloat(leaf.dtype)) return []
    const size = leaf.shape.reduce((a, b) => a * b, 1)
    const i = Array.from({ length: size }, (_, i) => i).find((i) => low(i) > high(i))
    return i === undefined
      ? []
      : [`lower must not be above upper, at ${at(path, leaf, i)} they are ${low(i)} and ${high(i)}`]
  })
}

/** The box of bounds that have no mistakes; none if there is no bound. */
export const boxOf = <P>(
  { size, dtype, vector }: Flattening<P>,
  lower: Bound<P> | undefined,
  upper: Bound<P> | undefined
): Box | undefined => {
  const side = (bound: Bound<P> | undefined, otherwise: number) =>
    bound === undefined
      ? ops.full([size], otherwise, dtype)
      : typeof bound === "number"
        ? ops.full([size], bound, dtype)
        : vector(bound)
  return lower === undefined && upper === undefined
    ? undefined
    : { lower: side(lower, Number.NEGATIVE_INFINITY), upper: side(upper, Number.POSITIVE_INFINITY) }
}
