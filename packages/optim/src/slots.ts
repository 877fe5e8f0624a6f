/** The slots of a state whose rule is not known: the trees in it that have the leaves of the parameters. */
import { type AnyTensor, isTensor, Tree } from "@cotangent/graph"

const isRecord = (u: unknown): u is { readonly [name: string]: unknown } => typeof u === "object" && u !== null

/**
 * The state `after` with `f` applied to every tensor of every slot, `params` among them: to the parameter it belongs to, the
 * tensor before and the tensor after. What has other paths than the parameters stays what it is in `after`.
 */
export const mapSlots = (
  params: unknown,
  before: unknown,
  after: unknown,
  f: (param: AnyTensor, before: AnyTensor, after: AnyTensor, path: string) => AnyTensor
): unknown => {
  const wanted = Tree.entries(params)
  const visit = (old: unknown, next: unknown): unknown => {
    if (!isRecord(next)) return next
    const [given, earlier] = [Tree.entries(next), Tree.leaves(old)]
    if (given.length === wanted.length && given.every(({ path }, i) => path === wanted[i]?.path))
      return Tree.rebuildWith(
        next,
        wanted.map(({ path, leaf }, i) => f(leaf, earlier[i] ?? leaf, given[i]?.leaf ?? leaf, path))
      )
    if (isTensor(next)) return next
    const children = Object.keys(next).map(
      (key) => [key, visit(isRecord(old) ? old[key] : undefined, next[key])] as const
    )
    return Array.isArray(next) ? children.map(([, child]) => child) : Object.fromEntries(children)
  }
  return visit(before, after)
}
