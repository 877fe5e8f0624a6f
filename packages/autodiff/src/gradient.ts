/**
 * Derivatives of functions of trees of tensors. Each takes a function and gives a function; all nest to any order.
 * Derivatives are taken with respect to the first argument.
 */
import {
  type AnyTensor,
  DifferentiationError,
  type DType,
  type Float,
  isFloat,
  isTensor,
  operations,
  type Shape,
  type Show,
  showShape,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { passes } from "./passes.ts"

const { pullback, pushforward, vectorize } = passes

/** The sentence for a loss that is not a scalar. */
export type ScalarOnly<S extends Shape> = S extends readonly []
  ? unknown
  : number extends S["length"]
    ? unknown
    : `grad: the function must return a scalar, it returns ${Show<S>}; use T.mean or T.sum, or jacobian`

/** The floating-point leaves of a tree under new identities, and the tree made of them. */
const aliased = <P>(tree: P): { readonly tree: P; readonly targets: ReadonlyArray<AnyTensor> } => {
  const targets: Array<AnyTensor> = []
  const copy = Tree.map(tree, (leaf) => {
    if (!isFloat(leaf.dtype)) return leaf
    const alias = operations.alias(leaf)
    targets.push(alias)
    return alias
  })
  return { tree: copy, targets }
}

/** A tree like `tree` whose float leaves are `grads` (zeros where undefined) and whose other leaves are zeros. */
const gradientTree = <P>(tree: P, grads: ReadonlyArray<AnyTensor | undefined>): P => {
  let next = 0
  return Tree.map(
    tree,
    (leaf) => (isFloat(leaf.dtype) ? grads[next++] : undefined) ?? operations.full(leaf.shape, 0, leaf.dtype)
  )
}

const checkScalar = (operation: string, y: unknown): AnyTensor => {
  if (!isTensor(y))
    throw new DifferentiationError(`${operation}: the function must return a scalar tensor, it returns ${typeof y}`)
  if (y.shape.length > 0)
    throw new DifferentiationError(
      `${operation}: the function must return a scalar, it returns ${showShape(y.shape)}; use T.mean or T.sum, or jacobian`
    )
  if (!isFloat(y.dtype))
    throw new DifferentiationError(
      `${operation}: the function must return f32 or f64, it returns ${y.dtype}; use T.cast`
    )
  return y
}

/**
 * The value and the gradient of a scalar function, computed together.
 *
 * `valueAndGrad(f)(p, ...rest)` is `[f(p, ...rest), df/dp]`; the gradient has the structure of `p`, zeros for leaves that
 * `f` does not use and for integer leaves.
 */
export const valueAndGrad =
  <P, A extends ReadonlyArray<unknown>, S extends Shape, D extends Float>(
    f: (p: P, ...rest: A) => Tensor<S, D> & ScalarOnly<S>
  ) =>
  (p: P, ...rest: A): readonly [Tensor<[], D>, P] => {
    const { tree, targets } = aliased(p)
    const y = f(tree, ...rest)
    const scalar = checkScalar("grad", y)
    const grads = pullback([scalar], [operations.full([], 1, scalar.dtype)], targets)
    // checkScalar has shown that y is a scalar of dtype D.
    return [scalar as Tensor<[], D>, gradientTree(p, grads)]
  }

/**
 * The gradient of a scalar function with respect to its first argument, a tree of tensors.
 *
 * `grad(f)(p, ...rest)` is `df/dp`. Nested, it gives higher derivatives: `grad((x) => T.sum(grad(f)(x)))`.
 */
export const grad =
  <P, A extends ReadonlyArray<unknown>, S extends Shape, D extends Float>(
    f: (p: P, ...rest: A) => Tensor<S, D> & ScalarOnly<S>
  ) =>
  (p: P, ...rest: A): P =>
    valueAndGrad(f)(p, ...rest)[1]

/** Like `valueAndGrad`, for a function that also returns auxiliary outputs: `f(p) = [loss, aux]`. */
export const valueAndGradAux =
  <P, A extends ReadonlyArray<unknown>, D extends Float, X>(f: (p: P, ...rest: A) => readonly [Tensor<[], D>, X]) =>
  (p: P, ...rest: A): readonly [Tensor<[], D>, P, X] => {
    const { tree, targets } = aliased(p)
    const [y, auxiliary] = f(tree, ...rest)
    const scalar = checkScalar("grad", y)
    return [y, gradientTree(p, pullback([scalar], [operations.full([], 1, scalar.dtype)], targets)), auxiliary]
  }

/**
 * The vector-Jacobian product: `vjp(f, x)` is `[f(x), pullback]` where `pullback(y_bar)` is `J^T y_bar`.
 */
export const vjp = <P, Y>(f: (p: P) => Y, p: P): readonly [Y, (cotangent: Y) => P] => {
  const { tree, targets } = aliased(p)
  const y = f(tree)
  return [
    y,
    (cotangent) => {
      Tree.assertSameStructure("vjp: the cotangent", y, cotangent)
      return gradientTree(p, pullback(Tree.leaves(y), Tree.leaves(cotangent), targets))
    }
  ]
}

/** The Jacobian-vector product: `jvp(f, x, x_dot)` is `[f(x), J x_dot]`. */
export const jvp = <P, Y>(f: (p: P) => Y, p: P, tangent: P): readonly [Y, Y] => {
  Tree.assertSameStructure("jvp: the tangent", p, tangent)
  const { tree, targets } = aliased(p)
  const y = f(tree)
  const moving = Tree.leaves(tangent).filter((t) => isFloat(t.dtype))
  return [
    y,
    gradientTree(
      y,
      pushforward(
        Tree.leaves(y).filter((l) => isFloat(l.dtype)),
        targets,
        moving
      )
    )
  ]
}

/** The Hessian-vector product of a scalar function: forward over reverse, `H v`. */
export const hvp = <P, D extends Float>(f: (p: P) => Tensor<[], D>, p: P, v: P): P => jvp(grad(f), p, v)[1]

/**
 * A function of one example as a function of a batch: every float or integer leaf of the arguments carries a leading
 * batch dimension, and so does every result. Computes the same as a loop over the examples.
 */
export const vmap =
  <A extends ReadonlyArray<unknown>, Y>(f: (...examples: A) => Y) =>
  (...batch: { readonly [K in keyof A]: Batched<A[K]> }): Batched<Y> => {
    const leaves = Tree.leaves(batch)
    const size = leaves[0]?.shape[0]
    if (size === undefined) throw new DifferentiationError("vmap: needs an argument with a leading batch dimension")
    for (const leaf of leaves)
      if (leaf.shape[0] !== size)
        throw new DifferentiationError(`vmap: the leading dimensions ${size} and ${leaf.shape[0] ?? "none"} differ`)
    const examples = leaves.map((x, i) => operations.parameter(`x${i}`, x.shape.slice(1), x.dtype))
    // The structure of one example is that of the batch, a dimension less on every leaf.
    const y = f(...(Tree.rebuildWith([...batch], examples) as A))
    const results = vectorize(
      Tree.leaves(y),
      examples,
      leaves,
      leaves.map(() => true),
      size
    )
    return Tree.rebuildWith(y, results) as Batched<Y>
  }

/** A tree with a leading batch dimension on every leaf. */
export type Batched<T> =
  T extends Tensor<infer S, infer D>
    ? Tensor<[number, ...S], D>
    : T extends Tensor<Shape, DType>
      ? T
      : { readonly [K in keyof T]: Batched<T[K]> }
