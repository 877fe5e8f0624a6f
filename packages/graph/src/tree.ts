/**
 * Trees of tensors: records, arrays and tensors inside them, as parameters and states are. Leaves are listed in the
 * order of the keys, which is the order in which they lie in memory and in files.
 */
import { showShape, TreeError } from "./errors.ts"
import { type AnyTensor, isTensor } from "./tensor.ts"
import { isValue } from "./value.ts"

/** A tensor, or a record or array of trees. */
export type Tree = AnyTensor | { readonly [key: string]: Tree } | ReadonlyArray<Tree>

/** A leaf with its path, such as `hidden.kernel`. */
export interface Leaf<A> {
  readonly path: string
  readonly leaf: A
}

const isLeaf = (u: unknown): boolean => isTensor(u) || isValue(u)

const childrenOf = (tree: unknown): ReadonlyArray<readonly [string, unknown]> => {
  if (typeof tree !== "object" || tree === null)
    throw new TreeError(`tree: ${String(tree)} is not a tensor, a record or an array`)
  return Array.isArray(tree) ? tree.map((child, i) => [String(i), child]) : Object.entries(tree)
}

/** Every leaf with its path. `A` is what the leaves are: tensors, or values. */
export const entries = <A = AnyTensor>(tree: unknown): ReadonlyArray<Leaf<A>> => {
  const out: Array<Leaf<A>> = []
  const visit = (node: unknown, path: string): void => {
    // Leaves are recognised by `isLeaf`; the caller names which kind this tree holds.
    if (isLeaf(node)) out.push({ path, leaf: node as A })
    else for (const [key, child] of childrenOf(node)) visit(child, path === "" ? key : `${path}.${key}`)
  }
  visit(tree, "")
  return out
}

/** Every leaf. */
export const leaves = <A = AnyTensor>(tree: unknown): ReadonlyArray<A> => entries<A>(tree).map(({ leaf }) => leaf)

/** A tree of the structure of `tree` with other leaves, in the same order. */
export const rebuildWith = (tree: unknown, replacements: ReadonlyArray<unknown>): unknown => {
  let next = 0
  const visit = (node: unknown): unknown => {
    if (isLeaf(node)) {
      if (next >= replacements.length)
        throw new TreeError(`tree: ${replacements.length} leaves do not fill the structure`)
      return replacements[next++]
    }
    const children = childrenOf(node).map(([key, child]) => [key, visit(child)] as const)
    return Array.isArray(node) ? children.map(([, child]) => child) : Object.fromEntries(children)
  }
  const out = visit(tree)
  if (next !== replacements.length)
    throw new TreeError(`tree: ${replacements.length} leaves for a structure of ${next}`)
  return out
}

/** A tree of tensors of the type of `tree` with other tensors as leaves. */
// The structure is copied from `tree`, so the type is too; shapes are checked by whoever made the leaves.
export const rebuild = <T>(tree: T, replacements: ReadonlyArray<AnyTensor>): T => rebuildWith(tree, replacements) as T

/** Applies a function to every leaf. */
export const map = <T>(tree: T, f: (leaf: AnyTensor, path: string, index: number) => AnyTensor): T =>
  rebuild(
    tree,
    entries(tree).map(({ leaf, path }, i) => f(leaf, path, i))
  )

/** Applies a function to the leaves of several trees of one structure, leaf by leaf; keys may stand in any order. */
export const zip = <T>(
  trees: readonly [T, ...ReadonlyArray<unknown>],
  f: (leaves: ReadonlyArray<AnyTensor>, path: string) => AnyTensor
): T => {
  const [first, ...rest] = trees
  const others = rest.map((tree) => leavesLike("tree", first, tree))
  return map(first, (leaf, path, i) => f([leaf, ...others.flatMap((o) => o[i] ?? [])], path))
}

const show = ({ dtype, shape }: AnyTensor): string => `${dtype}${showShape(shape)}`

/**
 * The leaves of `actual` in the order of `expected`, whose keys may stand in another order. Throws a TreeError that names
 * the first path where the trees differ in structure, shape or element type.
 */
export const leavesLike = (what: string, expected: unknown, actual: unknown): ReadonlyArray<AnyTensor> => {
  const wanted = entries(expected)
  const given = entries(actual)
  const byPath = new Map(given.map(({ path, leaf }) => [path, leaf]))
  if (byPath.size !== given.length) throw new TreeError(`${what} has two leaves of one path`)
  const found = wanted.map(({ path, leaf }) => {
    const y = byPath.get(path)
    if (y === undefined) throw new TreeError(`${what} lacks ${path || "its leaf"}`)
    if (show(y) !== show(leaf)) {
      throw new TreeError(`${what}: ${path || "the leaf"} must be ${show(leaf)}, it is ${show(y)}`)
    }
    byPath.delete(path)
    return y
  })
  const [extra] = byPath.keys()
  if (extra !== undefined) throw new TreeError(`${what} has ${extra || "a leaf"}, which is not expected`)
  return found
}

/** Throws a TreeError that names the first path where two trees differ in structure, order, shape or element type. */
export const assertSameStructure = (what: string, expected: unknown, actual: unknown): void => {
  leavesLike(what, expected, actual)
  const given = entries(actual)
  entries(expected).forEach(({ path }, i) => {
    const other = given[i]?.path
    if (other !== path) throw new TreeError(`${what} has its keys in another order: ${path} must stand before ${other}`)
  })
}
