/** The arguments of a function that is replaced by another: trees of tensors, and anything else, which is passed on. */
import { type AnyTensor, DifferentiationError, isTensor, Tree } from "@cotangent/graph"

/** Whether an argument is a tree of tensors; anything else is passed on as it is. */
const isTree = (x: unknown): boolean => {
  if (isTensor(x)) return true
  if (typeof x !== "object" || x === null) return false
  const children = Object.values(x)
  return children.length > 0 && children.every(isTree)
}

/** What a rule returned, as leaves like those of `expected`; `what` begins the sentence of a mistake. */
export const leavesReturned = (what: string, expected: unknown, returned: unknown): ReadonlyArray<AnyTensor> => {
  const stray = strayOf(returned, "")
  if (stray !== undefined)
    throw new DifferentiationError(
      `${what}: ${stray.path === "" ? "it" : stray.path} must be a tensor, it is ${stray.found}`
    )
  return Tree.leavesLike(what, expected, returned)
}

/** The first place of a tree where no tensor stands. */
const strayOf = (tree: unknown, path: string): { readonly path: string; readonly found: string } | undefined => {
  if (isTensor(tree)) return undefined
  if (typeof tree !== "object" || tree === null) return { path, found: tree === null ? "null" : typeof tree }
  for (const [key, child] of Object.entries(tree)) {
    const stray = strayOf(child, path === "" ? key : `${path}.${key}`)
    if (stray !== undefined) return stray
  }
  return undefined
}

/** The tensors among the arguments, in order, and the arguments with others in their place. */
export const tensorsOf = (args: ReadonlyArray<unknown>) => {
  const trees = args.map((x) => (isTree(x) ? Tree.leaves<AnyTensor>(x) : undefined))
  return {
    leaves: trees.flatMap((leaves) => leaves ?? []),
    /** The arguments with other tensors in place of their leaves; what is no tree stays. */
    rebuilt: (tensors: ReadonlyArray<AnyTensor>): ReadonlyArray<unknown> => {
      let next = 0
      return args.map((x, i) => {
        const leaves = trees[i]
        return leaves === undefined ? x : Tree.rebuildWith(x, tensors.slice(next, (next += leaves.length)))
      })
    },
    /** One entry for each leaf from what a rule returned for each argument. */
    flattened: (name: string, returned: ReadonlyArray<unknown>): ReadonlyArray<AnyTensor | undefined> => {
      if (!Array.isArray(returned) || returned.length !== args.length)
        throw new DifferentiationError(
          `${name}: the rule must return one cotangent for each of the ${args.length} arguments, in a list; it returned ${Array.isArray(returned) ? returned.length : typeof returned}`
        )
      return args.flatMap((x, i): ReadonlyArray<AnyTensor | undefined> => {
        const leaves = trees[i]
        const given: unknown = returned[i]
        if (leaves === undefined) return []
        if (given === undefined) return leaves.map(() => undefined)
        return leavesReturned(`${name}: the cotangent of argument ${i}`, x, given)
      })
    }
  }
}
