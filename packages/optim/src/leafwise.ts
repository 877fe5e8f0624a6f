/**
 * Update rules, leaf by leaf: a rule is written once, for one tensor, and applied to every leaf of a parameter tree. Each
 * leaf gives one elementwise expression, which compiles to one loop.
 */
import { type AnyTensor, isFloat, operations as ops, showShape, Tree, TreeError } from "@cotangent/graph"
import type { Scalar } from "./scalar.ts"

/** The tensors of one leaf by name: `params`, `grad`, and slots such as the moments `m` and `v`. */
export type Leaf<Name extends string, Optional extends string = never> = { readonly [N in Name]: AnyTensor } & {
  readonly [N in Optional]?: AnyTensor | undefined
}

/** Trees of one structure by name. */
export interface Trees {
  readonly [name: string]: unknown
}

/** Some tensors by name. */
export interface Named {
  readonly [name: string]: AnyTensor | undefined
}

const mapRecord = <A, B>(
  record: { readonly [name: string]: A },
  f: (a: A, name: string) => B
): { readonly [name: string]: B } => Object.fromEntries(Object.entries(record).map(([name, a]) => [name, f(a, name)]))

/** What `rule` gives for each leaf of `trees`, in the order of the leaves. */
export const rowsOf = <L extends Named, C extends Named>(
  trees: Trees,
  scalars: { readonly [N in keyof C]: Scalar },
  rule: (leaf: L, scalars: C) => Named
): ReadonlyArray<Named> => {
  const columns = mapRecord(trees, (tree) => Tree.leaves(tree))
  return (Object.values(columns)[0] ?? []).map((first, i): Named => {
    const leaf = mapRecord(columns, (leaves) => leaves[i] ?? first)
    if (!isFloat(first.dtype)) return leaf
    const rounded = mapRecord<Scalar, AnyTensor>(scalars, (scalar) => ops.cast(scalar, first.dtype))
    // The names are those of `trees` and `scalars`, which the definition of the rule and its slots agree on.
    return rule(leaf as L, rounded as C)
  })
}

/** The trees named in `results`, of the structures they have in `trees`, with the leaves that `rows` give. */
export const treesOf = (trees: Trees, results: ReadonlyArray<string>, rows: ReadonlyArray<Named>): Trees =>
  Object.fromEntries(
    results.map((name) => [
      name,
      Tree.rebuild(
        trees[name],
        rows.flatMap((row) => row[name] ?? [])
      )
    ])
  )

/**
 * Applies `rule` to the leaves of `trees` and gives the trees named in `results`. Scalars are rounded to the element type
 * of the leaf. Leaves that are not floating point stay what they are.
 */
export const leafwise = <L extends Named, C extends Named>(
  trees: Trees,
  scalars: { readonly [N in keyof C]: Scalar },
  results: ReadonlyArray<string>,
  rule: (leaf: L, scalars: C) => Named
): Trees => treesOf(trees, results, rowsOf(trees, scalars, rule))

/** A tree like another whose floating-point elements are all `value`, and whose other elements are 0. */
export const filledLike = <P>(tree: P, value: number): P =>
  Tree.map(tree, (leaf) => ops.full(leaf.shape, isFloat(leaf.dtype) ? value : 0, leaf.dtype))

const show = ({ dtype, shape }: AnyTensor): string => `${dtype}${showShape(shape)}`

/** Every difference in structure, shapes, element types and order between a tree and what it should be, as sentences. */
export const differencesFrom = (what: string, expected: unknown, actual: unknown): ReadonlyArray<string> => {
  const [wanted, given] = [Tree.entries(expected), Tree.entries(actual)]
  const [byPath, known] = [given, wanted].map((list) => new Map(list.map(({ path, leaf }) => [path, leaf])))
  const differences = [
    ...wanted.flatMap(({ path, leaf }) => {
      const found = byPath?.get(path)
      if (found === undefined) return [`${what} lacks ${path || "its leaf"}`]
      return show(found) === show(leaf)
        ? []
        : [`${what}: ${path || "the leaf"} must be ${show(leaf)}, it is ${show(found)}`]
    }),
    ...given.flatMap(({ path }) =>
      known?.has(path) === true ? [] : [`${what} has ${path || "a leaf"}, which is not expected`]
    )
  ]
  const moved = wanted.findIndex(({ path }, i) => given[i]?.path !== path)
  return differences.length > 0 || moved < 0
    ? differences
    : [`${what} has its keys in another order: ${wanted[moved]?.path} must stand before ${given[moved]?.path}`]
}

/** At most so many differences are told, and how many more there are. */
const mostTold = 8

/** Throws a TreeError with all of them, if there are differences. */
export const refuse = (differences: ReadonlyArray<string>): void => {
  if (differences.length === 0) return
  const more = differences.length - mostTold
  throw new TreeError([...differences.slice(0, mostTold), ...(more > 0 ? [`and ${more} more`] : [])].join("; "))
}

/**
 * Throws a TreeError that names every path where one of `trees` differs from `params` in structure, shape or element type,
 * and every tree that is not there.
 */
export const assertLike = (what: string, params: unknown, trees: Trees): void => {
  const names = Object.keys(trees)
  const missing = names.filter((name) => trees[name] === undefined)
  refuse([
    ...(missing.length === 0
      ? []
      : [`${what} has no ${missing.join(" and no ")}; it must be made by the same optimizer's init`]),
    ...names.flatMap((name) =>
      trees[name] === undefined ? [] : differencesFrom(`${what}: ${name}`, params, trees[name])
    )
  ])
}
