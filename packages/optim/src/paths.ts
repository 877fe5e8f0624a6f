/** Parts of a tree, chosen by the paths of their leaves. */
import { type AnyTensor, operations as ops, Tree } from "@cotangent/graph"

/** Some leaves of a tree by their paths: what a transform of a part of the parameters sees as its parameters. */
export interface LeavesByPath {
  readonly [path: string]: AnyTensor
}

/** Whether a path is, or lies below, `prefix`: `hidden` and `hidden.kernel` do for `hidden`, `hidden2` does not. */
export const isWithin = (path: string, prefix: string): boolean =>
  prefix === "" || path === prefix || path.startsWith(`${prefix}.`)

/** The leaves whose path is chosen. */
export const leavesWhere = (tree: unknown, chosen: (path: string) => boolean): LeavesByPath =>
  Object.fromEntries(Tree.entries(tree).flatMap(({ path, leaf }) => (chosen(path) ? [[path, leaf]] : [])))

/** The tree with other leaves at some paths. */
export const withLeaves = <P>(tree: P, replacements: LeavesByPath): P =>
  Tree.map(tree, (leaf, path) => replacements[path] ?? leaf)

/** `a` where the condition, a boolean scalar, holds, else `b`, for all leaves of two trees of one structure. */
export const selectTree = <P>(condition: AnyTensor, a: P, b: P): P =>
  Tree.zip([a, b], ([x, y]) => {
    if (x === undefined || y === undefined) throw new RangeError("select: two trees were zipped")
    return ops.select(condition, x, y)
  })
