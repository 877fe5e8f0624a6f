/** Functions whose derivatives are given instead of taken. */
import {
  type AnyTensor,
  type CustomRule,
  DifferentiationError,
  isFloat,
  operations,
  Tree,
  withRule
} from "@cotangent/graph"
import { leavesReturned, tensorsOf } from "./arguments.ts"
import { passes } from "./passes.ts"

/** What a rule is given: the arguments the function was called with, and what it returned. */
export interface Called<A extends ReadonlyArray<unknown>, Y> {
  readonly args: A
  readonly result: Y
}

/** The cotangents or tangents of arguments: trees like them; `undefined` for an argument that has none. */
export type PerArgument<A extends ReadonlyArray<unknown>> = { readonly [K in keyof A]: A[K] | undefined }

/** The function with a rule in place of the derivatives of its operations. */
const withDerivative =
  <A extends ReadonlyArray<unknown>, Y>(
    name: string,
    f: (...args: A) => Y,
    ruleFor: (args: A, result: Y) => CustomRule
  ): ((...args: A) => Y) =>
  (...args) => {
    const { leaves, rebuilt } = tensorsOf(args)
    let structure: { readonly result: Y } | undefined
    const avals = leaves.map(({ shape, dtype }) => ({ shape, dtype }))
    // Tracing on fresh parameters tells what the function uses from outside; what it builds itself, constants too, is inside.
    const { regions, captured } = operations.regions("traced", [
      {
        avals,
        f: (...parameters) => {
          // The arguments with parameters in place of their leaves have the types of the arguments.
          structure = { result: f(...(rebuilt(parameters) as A)) }
          return Tree.leaves(structure.result)
        }
      }
    ])
    const [region] = regions
    if (structure === undefined || region === undefined)
      throw new DifferentiationError(`${name}: the function was not traced`)
    const { result } = structure
    const results = passes.substitute(region.results, region.parameters, [...captured, ...leaves])
    const attributes = withRule({ name, results: results.length, captured: captured.length }, ruleFor(args, result))
    return Tree.rebuildWith(result, operations.custom([...results, ...captured, ...leaves], attributes)) as Y
  }

/** Results that were computed from arguments, with derivatives given by a rule of tensors. */
export const withDerivatives = (
  name: string,
  results: ReadonlyArray<AnyTensor>,
  args: ReadonlyArray<AnyTensor>,
  rule: CustomRule
): ReadonlyArray<AnyTensor> =>
  operations.custom([...results, ...args], withRule({ name, results: results.length, captured: 0 }, rule))

const zerosOf = (x: AnyTensor): AnyTensor => operations.full(x.shape, 0, x.dtype)

/**
 * A function with a reverse rule of its own: `rule({ args, result }, y_bar)` gives the cotangents of the arguments, one
 * entry for each, `undefined` for one that has none. What the rule computes again from the arguments costs nothing: equal
 * computations are merged. The rule is an ordinary function, so second derivatives are those of the rule.
 *
 * What `f` uses from outside counts as constant; if the derivative is taken with respect to it, a sentence says so. The
 * rule takes from `args` whatever changes with a loop or a batch around the function: it is called outside of them. Forward
 * mode refuses such a function: give a forward rule with `customJvp`, which serves both modes.
 *
 * ```ts
 * // The gradient of y = x, clipped to [-1, 1] on its way back.
 * const clipped = customVjp((x: Tensor<[3]>) => x, (_, g) => [T.clamp(g, { min: -1, max: 1 })])
 * ```
 */
export const customVjp = <A extends ReadonlyArray<unknown>, Y>(
  f: (...args: A) => Y,
  rule: (called: Called<A, Y>, cotangent: Y) => PerArgument<A>
): ((...args: A) => Y) =>
  withDerivative("customVjp", f, (given, result) => ({
    pullback: (_, at, cotangents) => {
      const { rebuilt, flattened } = tensorsOf(given)
      const dense = at.results.map((y, i) => cotangents[i] ?? zerosOf(y))
      const called = { args: rebuilt(at.arguments) as A, result: Tree.rebuildWith(result, at.results) as Y }
      return flattened("customVjp", rule(called, Tree.rebuildWith(result, dense) as Y))
    }
  }))

/**
 * A function with a forward rule of its own: `rule({ args, result }, tangents)` gives the tangent of the result, linear in
 * the tangents of the arguments. Reverse mode transposes the rule, and refuses one that multiplies tangents with each other.
 *
 * ```ts
 * // The tangent of a cube, from the value of the square.
 * const cube = customJvp(
 *   (x: Tensor<[3]>) => T.pow(x, 3),
 *   ({ args: [x] }, [t]) => T.mul(T.mul(T.square(x), 3), t)
 * )
 * ```
 */
export const customJvp = <A extends ReadonlyArray<unknown>, Y>(
  f: (...args: A) => Y,
  rule: (called: Called<A, Y>, tangents: A) => Y
): ((...args: A) => Y) =>
  withDerivative("customJvp", f, (given, result) => ({
    pushforward: (_, at, tangents) => {
      const { rebuilt } = tensorsOf(given)
      const dense = at.arguments.map((x, i) => tangents[i] ?? zerosOf(x))
      const called = { args: rebuilt(at.arguments) as A, result: Tree.rebuildWith(result, at.results) as Y }
      const moved = rule(called, rebuilt(dense) as A)
      return leavesReturned("customJvp: the tangent of the result", called.result, moved).map((t) =>
        isFloat(t.dtype) ? t : undefined
      )
    }
  }))
