/**
 * Gradients of scalar functions of trees of tensors. Each takes a function and gives a function; all nest to any order.
 * Derivatives are taken with respect to the first argument.
 */
import {
  type AnyTensor,
  DifferentiationError,
  type Float,
  type Guard,
  isFloat,
  isTensor,
  type Mismatch,
  operations,
  type Shape,
  type Show,
  showShape,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { checkFunction, checkPair } from "./arguments.ts"
import { passes } from "./passes.ts"
import { aliased, derivativeTree } from "./targets.ts"

/** `unknown` when a loss is a scalar, else the sentence. */
export type ScalarOnly<S extends Shape> = S extends readonly []
  ? unknown
  : number extends S["length"]
    ? unknown
    : Mismatch<`grad: the function must return a scalar, it returns ${Show<S>}; use T.mean or T.sum, or jacobian`>

/** A function with a scalar result; what is not one is refused where it is written. */
export type ScalarFunction<P, A extends ReadonlyArray<unknown>, S extends Shape, D extends Float> = (
  p: P,
  ...rest: A
) => Tensor<S, D> & Guard<ScalarOnly<S>>

/** `remedy`: what to do about a tree in place of a loss. */
const checkScalar = (y: unknown, remedy: string): AnyTensor => {
  const must = "grad: the function must return"
  if (!isTensor(y)) {
    const more = Tree.isBranch(y) ? remedy : Tree.remedy(y)
    throw new DifferentiationError(`${must} a scalar tensor, it returns ${Tree.describe(y)}; ${more}`)
  }
  if (y.shape.length > 0) {
    throw new DifferentiationError(
      `${must} a scalar, it returns ${showShape(y.shape)}; use T.mean or T.sum, or jacobian`
    )
  }
  if (!isFloat(y.dtype)) throw new DifferentiationError(`${must} f32 or f64, it returns ${y.dtype}; use T.cast`)
  return y
}

const gradientOf = <P>(p: P, y: unknown, targets: ReadonlyArray<AnyTensor>, remedy: string): P => {
  const scalar = checkScalar(y, remedy)
  return derivativeTree(p, passes.pullback([scalar], [operations.full([], 1, scalar.dtype)], targets))
}

/**
 * The value and the gradient of a scalar function, computed together.
 *
 * `valueAndGrad(f)(p, ...rest)` is `[f(p, ...rest), df/dp]`; the gradient has the structure of `p`, zeros for leaves that
 * `f` does not use and for integer leaves.
 */
export const valueAndGrad =
  <P, A extends ReadonlyArray<unknown>, S extends Shape, D extends Float>(f: ScalarFunction<P, A, S, D>) =>
  (p: P, ...rest: A): readonly [Tensor<[], D>, P] => {
    checkFunction("grad", f)
    const { tree, targets } = aliased("grad: the first argument", p)
    const y = f(tree, ...rest)
    const gradient = gradientOf(p, y, targets, "for further outputs use valueAndGradAux")
    // gradientOf has shown that y is a scalar; D is its element type by the type of f.
    return [y as Tensor<Shape, D> as Tensor<[], D>, gradient]
  }

/**
 * The gradient of a scalar function with respect to its first argument, a tree of tensors.
 *
 * `grad(f)(p, ...rest)` is `df/dp`. Nested, it gives higher derivatives: `grad((x) => T.sum(grad(f)(x)))`.
 */
export const grad =
  <P, A extends ReadonlyArray<unknown>, S extends Shape, D extends Float>(f: ScalarFunction<P, A, S, D>) =>
  (p: P, ...rest: A): P =>
    valueAndGrad(f)(p, ...rest)[1]

/** Like `valueAndGrad`, for a function that also returns auxiliary outputs: `f(p) = [loss, aux]`. */
export const valueAndGradAux =
  <P, A extends ReadonlyArray<unknown>, S extends Shape, D extends Float, X>(
    f: (p: P, ...rest: A) => readonly [Tensor<S, D>, X] & Guard<ScalarOnly<S>>
  ) =>
  (p: P, ...rest: A): readonly [Tensor<[], D>, P, X] => {
    checkFunction("valueAndGradAux", f)
    const { tree, targets } = aliased("valueAndGradAux: the first argument", p)
    const returned: readonly [Tensor<Shape, D>, X] = f(tree, ...rest)
    checkPair("valueAndGradAux", "loss", returned)
    const [y, auxiliary] = returned
    const gradient = gradientOf(p, y, targets, "valueAndGradAux takes a pair [loss, aux]")
    return [y as Tensor<[], D>, gradient, auxiliary]
  }
