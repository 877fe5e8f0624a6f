/** Products with the Jacobian and the Hessian. */
import { type Float, type Guard, isFloat, type Shape, type Tensor, Tree } from "@cotangent/graph"
import { grad, type ScalarOnly } from "./gradient.ts"
import { passes } from "./passes.ts"
import { aliased, derivativeTree } from "./targets.ts"

/**
 * The vector-Jacobian product: `vjp(f, x)` is `[f(x), pullback]` where `pullback(y_bar)` is `J^T y_bar`. The pullback may
 * be used often.
 *
 * ```ts
 * const [y, pullback] = vjp((x: Tensor<[3]>) => T.square(x), T.constant([1, 2, 3]))
 * const gradient = pullback(T.constant([1, 1, 1])) // [2, 4, 6]
 * ```
 */
export const vjp = <P, Y>(f: (p: P) => Y, p: P): readonly [Y, (cotangent: Y) => P] => {
  const [y, pullback] = vjpAux((q: P) => [f(q), undefined] as const, p)
  return [y, pullback]
}

/**
 * Like `vjp`, for a function that also returns auxiliary outputs, of any kind, which have no cotangent: `f(p) = [y, aux]`
 * gives `[y, pullback, aux]`.
 */
export const vjpAux = <P, Y, X>(f: (p: P) => readonly [Y, X], p: P): readonly [Y, (cotangent: Y) => P, X] => {
  const { tree, targets } = aliased(p)
  const [y, auxiliary] = f(tree)
  const pullback = (cotangent: Y): P => {
    const cotangents = Tree.leavesLike("vjp: the cotangent", y, cotangent)
    return derivativeTree(p, passes.pullback(Tree.leaves(y), cotangents, targets))
  }
  return [y, pullback, auxiliary]
}

/**
 * The Jacobian-vector product: `jvp(f, x, x_dot)` is `[f(x), J x_dot]`.
 *
 * ```ts
 * const [y, slope] = jvp((x: Tensor<[3]>) => T.square(x), T.constant([1, 2, 3]), T.constant([1, 0, 0])) // [2, 0, 0]
 * ```
 */
export const jvp = <P, Y>(f: (p: P) => Y, p: P, tangent: NoInfer<P>): readonly [Y, Y] => {
  const [y, derivative] = jvpAux((q: P) => [f(q), undefined] as const, p, tangent)
  return [y, derivative]
}

/**
 * Like `jvp`, for a function that also returns auxiliary outputs, of any kind, which have no tangent: `f(p) = [y, aux]`
 * gives `[y, y_dot, aux]`.
 */
export const jvpAux = <P, Y, X>(f: (p: P) => readonly [Y, X], p: P, tangent: NoInfer<P>): readonly [Y, Y, X] => {
  const moving = Tree.leavesLike("jvp: the tangent", p, tangent).filter((t) => isFloat(t.dtype))
  const { tree, targets } = aliased(p)
  const [y, auxiliary] = f(tree)
  const results = Tree.leaves(y).filter((leaf) => isFloat(leaf.dtype))
  return [y, derivativeTree(y, passes.pushforward(results, targets, moving)), auxiliary]
}

/** The Hessian-vector product of a scalar function: forward over reverse, `H v`. */
export const hvp = <P, S extends Shape, D extends Float>(
  f: (p: P) => Tensor<S, D> & Guard<ScalarOnly<S>>,
  p: P,
  v: NoInfer<P>
): P => jvp(grad<P, [], S, D>(f), p, v)[1]
