/** Products with the Jacobian and the Hessian. */
import { type Float, type Guard, isFloat, type Shape, type Tensor, Tree } from "@cotangent/graph"
import { checkFunction, checkPair } from "./arguments.ts"
import { grad, type ScalarOnly } from "./gradient.ts"
import { passes } from "./passes.ts"
import { aliased, derivativeTree, floatsOf } from "./targets.ts"

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
  checkFunction("vjp", f)
  const [y, pullback] = pulled("vjp", (q: P) => [f(q), undefined] as const, p)
  return [y, pullback]
}

/**
 * Like `vjp`, for a function that also returns auxiliary outputs, of any kind, which have no cotangent: `f(p) = [y, aux]`
 * gives `[y, pullback, aux]`.
 */
export const vjpAux = <P, Y, X>(f: (p: P) => readonly [Y, X], p: P): readonly [Y, (cotangent: Y) => P, X] => {
  checkFunction("vjpAux", f)
  return pulled("vjpAux", f, p)
}

const pulled = <P, Y, X>(name: string, f: (p: P) => readonly [Y, X], p: P): readonly [Y, (cotangent: Y) => P, X] => {
  const { tree, targets } = aliased(`${name}: the argument`, p)
  const returned = f(tree)
  checkPair(name, "y", returned)
  const [y, auxiliary] = returned
  const results = Tree.tensors(y, `${name}: the result`).map(({ leaf }) => leaf)
  const pullback = (cotangent: Y): P => {
    const cotangents = Tree.leavesLike(`${name}: the cotangent`, y, cotangent)
    return derivativeTree(p, passes.pullback(results, cotangents, targets))
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
  checkFunction("jvp", f)
  const [y, derivative] = pushed("jvp", (q: P) => [f(q), undefined] as const, p, tangent)
  return [y, derivative]
}

/**
 * Like `jvp`, for a function that also returns auxiliary outputs, of any kind, which have no tangent: `f(p) = [y, aux]`
 * gives `[y, y_dot, aux]`.
 */
export const jvpAux = <P, Y, X>(f: (p: P) => readonly [Y, X], p: P, tangent: NoInfer<P>): readonly [Y, Y, X] => {
  checkFunction("jvpAux", f)
  return pushed("jvpAux", f, p, tangent)
}

const pushed = <P, Y, X>(name: string, f: (p: P) => readonly [Y, X], p: P, tangent: P): readonly [Y, Y, X] => {
  const { tree, targets } = aliased(`${name}: the argument`, p)
  const moving = Tree.leavesLike(`${name}: the tangent`, p, tangent).filter((t) => isFloat(t.dtype))
  const returned = f(tree)
  checkPair(name, "y", returned)
  const [y, auxiliary] = returned
  const results = floatsOf(`${name}: the result`, y)
  return [y, derivativeTree(y, passes.pushforward(results, targets, moving)), auxiliary]
}

/** The Hessian-vector product of a scalar function: forward over reverse, `H v`. */
export const hvp = <P, S extends Shape, D extends Float>(
  f: (p: P) => Tensor<S, D> & Guard<ScalarOnly<S>>,
  p: P,
  v: NoInfer<P>
): P => {
  checkFunction("hvp", f)
  const gradient = grad<P, [], S, D>(f)
  return pushed("hvp", (q: P) => [gradient(q), undefined] as const, p, v)[1]
}
