/** The linear map a function is close to a point, and whether a loss depends on its parameters. */
import { type AnyTensor, isFloat, Tree } from "@cotangent/graph"
import { checkFunction } from "./arguments.ts"
import { passes } from "./passes.ts"
import { aliased, derivativeTree, floatsOf } from "./targets.ts"

/**
 * The value of a function, its derivative as a linear function, and the transpose of that: `linearize(f, x)` is
 * `[f(x), x_dot => J x_dot, y_bar => J^T y_bar]`. All of them share the values that f computes at x.
 *
 * ```ts
 * const [y, derivative, transpose] = linearize((x: Tensor<[3]>) => T.square(x), T.constant([1, 2, 3]))
 * const normal = transpose(derivative(T.constant([1, 0, 0])))
 * ```
 */
export const linearize = <P, Y>(
  f: (p: P) => Y,
  p: P
): readonly [Y, (tangent: NoInfer<P>) => Y, (cotangent: NoInfer<Y>) => P] => {
  checkFunction("linearize", f)
  const { tree, targets } = aliased("linearize: the argument", p)
  const y = f(tree)
  const results = floatsOf("linearize: the result", y)
  const derivative = (tangent: P): Y => {
    const moving = Tree.leavesLike("linearize: the tangent", p, tangent).filter((t) => isFloat(t.dtype))
    return derivativeTree(y, passes.pushforward(results, targets, moving))
  }
  const transpose = (cotangent: Y): P => {
    const cotangents = Tree.leavesLike("linearize: the cotangent", y, cotangent)
    return derivativeTree(p, passes.pullback(Tree.leaves(y), cotangents, targets))
  }
  return [y, derivative, transpose]
}

/**
 * The paths of the parameters that no derivative of the loss reaches: leaves it does not use, or uses only where a
 * derivative is zero by definition (behind `T.stopGradient`, in comparisons, as integers). Their gradient is zeros, which
 * often is a mistake in a model: a layer that is not connected.
 *
 * ```ts
 * unusedParameters((p: { w: Tensor<[]>; b: Tensor<[]> }) => T.square(p.w))({ w: T.constant(1), b: T.constant(2) }) // ["b"]
 * ```
 */
export const unusedParameters =
  <P, A extends ReadonlyArray<unknown>, Y>(f: (p: P, ...rest: A) => Y) =>
  (p: P, ...rest: A): ReadonlyArray<string> => {
    checkFunction("unusedParameters", f)
    const { tree, targets } = aliased("unusedParameters: the first argument", p)
    const results = floatsOf("unusedParameters: the result", f(tree, ...rest))
    const derivatives = passes.pullback(results, results, targets)
    let next = 0
    return Tree.entries<AnyTensor>(p).flatMap(({ path, leaf }) =>
      isFloat(leaf.dtype) && derivatives[next++] !== undefined ? [] : [path]
    )
  }
