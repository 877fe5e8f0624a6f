/** Products with the Jacobian and the Hessian, and the Jacobian itself. */
import {
  type DType,
  type Float,
  type Guard,
  isFloat,
  operations,
  type Shape,
  sizeOf,
  T,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { grad, type ScalarFunction, type ScalarOnly } from "./gradient.ts"
import { passes } from "./passes.ts"
import { aliased, derivativeTree } from "./targets.ts"
import { vmap } from "./vmap.ts"

/**
 * The vector-Jacobian product: `vjp(f, x)` is `[f(x), pullback]` where `pullback(y_bar)` is `J^T y_bar`.
 */
export const vjp = <P, Y>(f: (p: P) => Y, p: P): readonly [Y, (cotangent: Y) => P] => {
  const { tree, targets } = aliased(p)
  const y = f(tree)
  const pullback = (cotangent: Y): P => {
    const cotangents = Tree.leavesLike("vjp: the cotangent", y, cotangent)
    return derivativeTree(p, passes.pullback(Tree.leaves(y), cotangents, targets))
  }
  return [y, pullback]
}

/** The Jacobian-vector product: `jvp(f, x, x_dot)` is `[f(x), J x_dot]`. */
export const jvp = <P, Y>(f: (p: P) => Y, p: P, tangent: NoInfer<P>): readonly [Y, Y] => {
  const moving = Tree.leavesLike("jvp: the tangent", p, tangent).filter((t) => isFloat(t.dtype))
  const { tree, targets } = aliased(p)
  const y = f(tree)
  const results = Tree.leaves(y).filter((leaf) => isFloat(leaf.dtype))
  return [y, derivativeTree(y, passes.pushforward(results, targets, moving))]
}

/** The Hessian-vector product of a scalar function: forward over reverse, `H v`. */
export const hvp = <P, S extends Shape, D extends Float>(
  f: (p: P) => Tensor<S, D> & Guard<ScalarOnly<S>>,
  p: P,
  v: NoInfer<P>
): P => jvp(grad<P, [], S, D>(f), p, v)[1]

/**
 * The Jacobian of a function of one tensor, by reverse mode, one row per element of the result:
 * `J[i..., j...] = dy[i...] / dx[j...]`.
 */
export const jacobian =
  <S extends Shape, D extends DType, R extends Shape, E extends DType>(f: (x: Tensor<S, D>) => Tensor<R, E>) =>
  (x: Tensor<S, D>): Tensor<[...R, ...S], D> => {
    const [y, pullback] = vjp(f, x)
    const n = sizeOf(y.shape)
    const identity = operations.reshape(T.oneHot(T.iota(n), n, y.dtype), [n, ...y.shape])
    // Row i of the batch is the cotangent that selects element i of y, so its pullback is row i of the Jacobian.
    const rows = vmap(pullback)(identity as Tensor<[number, ...R], E>)
    return operations.reshape(rows, [...y.shape, ...x.shape]) as Tensor<[...R, ...S], D>
  }

/** The Hessian of a scalar function of one tensor: `H[i..., j...] = d^2 y / (dx[i...] dx[j...])`. */
export const hessian = <S extends Shape, D extends DType, R extends Shape, E extends Float>(
  f: ScalarFunction<Tensor<S, D>, [], R, E>
): ((x: Tensor<S, D>) => Tensor<[...S, ...S], D>) => jacobian(grad(f))
