/** What derivatives are taken with respect to: the float leaves of a tree, each under a new identity. */
import { type AnyTensor, isFloat, type Node, operations, primitives, rulesOf, Tree } from "@cotangent/graph"

/**
 * The floating-point leaves of a tree under new identities, and the tree made of them. A fresh identity is what keeps
 * nested derivatives apart: `grad((x) => x * y)(y)` differentiates the alias of y, not y. `what` begins the sentence when
 * something else than tensors stands in the tree.
 */
export const aliased = <P>(what: string, tree: P): { readonly tree: P; readonly targets: ReadonlyArray<AnyTensor> } => {
  const targets: Array<AnyTensor> = []
  const copies = Tree.tensors(tree, what).map(({ leaf }) => {
    if (!isFloat(leaf.dtype)) return leaf
    const alias = operations.alias(leaf)
    targets.push(alias)
    return alias
  })
  return { tree: Tree.rebuild(tree, copies), targets }
}

/** The floating-point leaves of a tree. */
export const floatsOf = (what: string, tree: unknown): ReadonlyArray<AnyTensor> =>
  Tree.tensors(tree, what).flatMap(({ leaf }) => (isFloat(leaf.dtype) ? [leaf] : []))

/** A tree like `tree` whose float leaves are `derivatives` (zeros where undefined) and whose other leaves are zeros. */
export const derivativeTree = <P>(tree: P, derivatives: ReadonlyArray<AnyTensor | undefined>): P => {
  let next = 0
  return Tree.map(
    tree,
    (leaf) => (isFloat(leaf.dtype) ? derivatives[next++] : undefined) ?? operations.full(leaf.shape, 0, leaf.dtype)
  )
}

/**
 * The nodes among `nodes`, in topological order, that a derivative with respect to `targets` may flow through: floats that
 * depend on them, but not through what is constant to derivatives.
 */
export const flowing = (nodes: ReadonlyArray<Node>, targets: ReadonlyArray<AnyTensor>): ReadonlySet<Node> => {
  const flows = new Set<Node>(targets.map((t) => t.node))
  for (const node of nodes) {
    if (rulesOf(primitives[node.primitive]).reverse.tag === "zero") continue
    if (node.inputs.some((x) => isFloat(x.dtype) && flows.has(x.node))) flows.add(node)
  }
  return flows
}
