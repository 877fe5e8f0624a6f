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

const show = ({ dtype, shape }: AnyTensor): string => `${dtype}${showShape(shape)}`

/** The deepest nesting of a tree: what goes deeper refers to itself. */
export const deepest = 1000

/** What something is, for a sentence: `null`, `the number 3`, `a function`, `a Promise`, `an instance of Map`. */
export const describe = (u: unknown): string => {
  if (u === null || u === undefined) return String(u)
  if (isTensor(u)) return `a tensor ${show(u)}`
  if (isValue(u)) return "a value on the host"
  if (typeof u === "string" || typeof u === "function" || typeof u === "symbol") return `a ${typeof u}`
  if (typeof u !== "object") return `the ${typeof u} ${String(u)}`
  if (Array.isArray(u)) return "a list"
  if (isEffect(u)) return "an Effect"
  if (isPromise(u)) return "a Promise"
  if (isRecord(u)) return "a record"
  const name: unknown = u.constructor?.name
  return `an instance of ${typeof name === "string" && name !== "" ? name : "a class"}`
}

const isEffect = (u: object): boolean => "~effect/Effect" in u
const isPromise = (u: object): boolean => "then" in u && typeof u.then === "function"

/** What to do about something that stands where a tensor or a tree of them should, for the end of a sentence. */
export const remedy = (u: unknown): string => {
  if (typeof u === "number" || typeof u === "boolean") return "use T.constant"
  if (isValue(u)) return "use T.fromValue"
  if (typeof u === "object" && u !== null && isEffect(u)) return "a function of tensors is pure: run the Effect before"
  if (typeof u === "object" && u !== null && isPromise(u)) return "a function of tensors must not be async"
  return "a tree is a tensor, or a record or a list of trees"
}

/** Whether an object is a plain record, of any realm: instances of classes lose their methods when a tree is rebuilt. */
const isRecord = (u: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(u)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whether something is a list or a plain record, whatever stands in it. */
export const isBranch = (u: unknown): u is object =>
  typeof u === "object" && u !== null && !isLeaf(u) && (Array.isArray(u) || isRecord(u))

const childrenOf = (
  tree: unknown,
  what = "tree",
  path: ReadonlyArray<string> = []
): ReadonlyArray<readonly [string, unknown]> => {
  const at = path.length === 0 ? what : `${what}: ${path.slice(0, 8).join(".")}`
  if (!isBranch(tree)) throw new TreeError(`${at} is ${describe(tree)}, not a tensor; ${remedy(tree)}`)
  if (path.length > deepest)
    throw new TreeError(`${at}... is nested more than ${deepest} levels deep; a tree must not contain itself`)
  return Array.isArray(tree) ? Array.from(tree, (child: unknown, i) => [String(i), child]) : Object.entries(tree)
}

interface Placed<A> {
  readonly keys: ReadonlyArray<string>
  readonly leaf: A
}

const placed = <A>(tree: unknown, what?: string): ReadonlyArray<Placed<A>> => {
  const out: Array<Placed<A>> = []
  const visit = (node: unknown, keys: ReadonlyArray<string>): void => {
    // Leaves are recognised by `isLeaf`; the caller names which kind this tree holds.
    if (isLeaf(node)) out.push({ keys, leaf: node as A })
    else for (const [key, child] of childrenOf(node, what, keys)) visit(child, [...keys, key])
  }
  visit(tree, [])
  return out
}

/** Every leaf with its path. `A` is what the leaves are: tensors, or values; `what` begins the sentence of a mistake. */
export const entries = <A = AnyTensor>(tree: unknown, what?: string): ReadonlyArray<Leaf<A>> =>
  placed<A>(tree, what).map(({ keys, leaf }) => ({ path: keys.join("."), leaf }))

/** Every leaf of a tree of tensors with its path; throws a TreeError, which `what` begins, where something else stands. */
export const tensors = (tree: unknown, what?: string): ReadonlyArray<Leaf<AnyTensor>> => {
  const found = entries<unknown>(tree, what)
  return found.map(({ path, leaf }) => {
    if (!isTensor(leaf))
      throw new TreeError(
        `${what ?? "tree"}${path === "" ? "" : `: ${path}`} is ${describe(leaf)}, not a tensor; ${remedy(leaf)}`
      )
    return { path, leaf }
  })
}

/** Every leaf. */
export const leaves = <A = AnyTensor>(tree: unknown): ReadonlyArray<A> => entries<A>(tree).map(({ leaf }) => leaf)

/** A tree of the structure of `tree` with what `f` makes of each leaf, in one pass: what is read after every step uses it. */
export const mapLeaves = <A = AnyTensor>(tree: unknown, f: (leaf: A) => unknown): unknown => {
  const visit = (node: unknown, depth: number): unknown => {
    // Leaves are recognised by `isLeaf`; the caller names which kind this tree holds.
    if (isLeaf(node)) return f(node as A)
    // `placed` throws the sentence, with the path.
    if (!isBranch(node) || depth > deepest) return placed(tree)
    if (Array.isArray(node)) return node.map((child) => visit(child, depth + 1))
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child, depth + 1)]))
  }
  return visit(tree, 0)
}

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

/**
 * The leaves of `actual` in the order of `expected`, whose keys may stand in another order. Throws a TreeError that names
 * the first path where the trees differ in structure, shape or element type.
 */
export const leavesLike = (what: string, expected: unknown, actual: unknown): ReadonlyArray<AnyTensor> => {
  // Keys may hold dots: they are joined for the reader, and told apart by their lengths.
  const nameOf = (keys: ReadonlyArray<string>): string => keys.map((key) => `${key.length}:${key}`).join(".")
  const wanted = placed<AnyTensor>(expected, what)
  const byPath = new Map(placed<AnyTensor>(actual, what).map((place) => [nameOf(place.keys), place]))
  const found = wanted.map(({ keys, leaf }) => {
    const name = nameOf(keys)
    const path = keys.join(".")
    const y = byPath.get(name)?.leaf
    if (y === undefined) throw new TreeError(`${what} lacks ${path || "its leaf"}`)
    if (isTensor(leaf) && !isTensor(y))
      throw new TreeError(`${what}: ${path || "the leaf"} is ${describe(y)}, not a tensor; ${remedy(y)}`)
    if (show(y) !== show(leaf)) {
      throw new TreeError(`${what}: ${path || "the leaf"} must be ${show(leaf)}, it is ${show(y)}`)
    }
    byPath.delete(name)
    return y
  })
  const [extra] = byPath.values()
  if (extra !== undefined) throw new TreeError(`${what} has ${extra.keys.join(".") || "a leaf"}, which is not expected`)
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
