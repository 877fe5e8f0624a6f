/** Functions whose derivatives are given instead of taken. */
import {
  type AnyTensor,
  type CustomRule,
  DifferentiationError,
  isFloat,
  operations,
  Tree,
  usesClosed,
  withRule
} from "@cotangent/graph"
import { checkFunction, checkRules, leavesReturned, tensorsOf } from "./arguments.ts"
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
    checkFunction(name, f)
    const { leaves, rebuilt } = tensorsOf(name, args)
    let structure: { readonly result: Y } | undefined
    const avals = leaves.map(({ shape, dtype }) => ({ shape, dtype }))
    // Tracing on fresh parameters tells what the function uses from outside; what it builds itself, constants too, is inside.
    const { regions, captured } = operations.regions("traced", [
      {
        avals,
        f: (...parameters) => {
          // The arguments with parameters in place of their leaves have the types of the arguments.
          structure = { result: f(...(rebuilt(parameters) as A)) }
          return Tree.tensors(structure.result, `${name}: the result`).map(({ leaf }) => leaf)
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

/** Refuses what a rule computed from a tensor that stands for another one by now. */
const checkOutside = (
  name: string,
  derivatives: ReadonlyArray<AnyTensor | undefined>,
  given: ReadonlyArray<AnyTensor>
): void => {
  if (
    usesClosed(
      derivatives.flatMap((x) => x ?? []),
      given
    )
  )
    throw new DifferentiationError(
      `${name}: the rule uses a tensor from inside a loop, a batch or a checkpoint around the function, and is called outside of it; pass that tensor to the function, and take it from \`args\` in the rule`
    )
}

/** A rule for cotangents of trees as one of tensors. */
const reverseRule = <A extends ReadonlyArray<unknown>, Y>(
  name: string,
  rule: (called: Called<A, Y>, cotangent: Y) => PerArgument<A>,
  given: A,
  result: Y
): CustomRule => ({
  pullback: (_, at, cotangents) => {
    const { rebuilt, flattened } = tensorsOf(name, given)
    const dense = at.results.map((y, i) => cotangents[i] ?? zerosOf(y))
    const called = { args: rebuilt(at.arguments) as A, result: Tree.rebuildWith(result, at.results) as Y }
    const gradients = flattened(name, rule(called, Tree.rebuildWith(result, dense) as Y))
    checkOutside(name, gradients, [...at.arguments, ...at.results, ...dense])
    return gradients
  }
})

/** A rule for tangents of trees as one of tensors. */
const forwardRule = <A extends ReadonlyArray<unknown>, Y>(
  name: string,
  rule: (called: Called<A, Y>, tangents: A) => Y,
  given: A,
  result: Y
): CustomRule => ({
  pushforward: (_, at, tangents) => {
    const { rebuilt } = tensorsOf(name, given)
    const dense = at.arguments.map((x, i) => tangents[i] ?? zerosOf(x))
    const called = { args: rebuilt(at.arguments) as A, result: Tree.rebuildWith(result, at.results) as Y }
    const moved = rule(called, rebuilt(dense) as A)
    const leaves = leavesReturned(`${name}: the tangent of the result`, called.result, moved)
    checkOutside(name, leaves, [...at.arguments, ...at.results, ...dense])
    return leaves.map((t) => (isFloat(t.dtype) ? t : undefined))
  }
})

/**
 * A function with a reverse rule of its own: `rule({ args, result }, y_bar)` gives the cotangents of the arguments, one
 * entry for each, `undefined` for one that has none. What the rule computes again from the arguments costs nothing: equal
 * computations are merged. The rule is an ordinary function, so second derivatives are those of the rule.
 *
 * What `f` uses from outside counts as constant; if the derivative is taken with respect to it, a DifferentiationError says
 * so: pass it as an argument. The rule takes from `args` whatever changes with a loop, a batch or a checkpoint around the
 * function, for it is called outside of these; one that uses such a tensor from outside is refused. Forward mode refuses a
 * function with a reverse rule alone: give a forward rule with `customJvp`, which serves both modes, or both with
 * `customDerivative`.
 *
 * ```ts
 * // The gradient of y = x, clipped to [-1, 1] on its way back.
 * const clipped = customVjp((x: Tensor<[3]>) => x, (_, g) => [T.clamp(g, { min: -1, max: 1 })])
 * ```
 */
export const customVjp = <A extends ReadonlyArray<unknown>, Y>(
  f: (...args: A) => Y,
  rule: (called: Called<A, Y>, cotangent: Y) => PerArgument<A>
): ((...args: A) => Y) => {
  checkRules("customVjp", { "the rule": rule })
  return withDerivative("customVjp", f, (given, result) => reverseRule("customVjp", rule, given, result))
}

/**
 * A function with a forward rule of its own: `rule({ args, result }, tangents)` gives the tangent of the result, linear in
 * the tangents of the arguments. Reverse mode transposes the rule, and refuses one that multiplies tangents with each other
 * or branches on them, in loops as well; what a rule adds that does not depend on tangents it does not notice, and leaves
 * out. What `f` and the rule use from outside is held to what `customVjp` says.
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
): ((...args: A) => Y) => {
  checkRules("customJvp", { "the rule": rule })
  return withDerivative("customJvp", f, (given, result) => forwardRule("customJvp", rule, given, result))
}

/**
 * A function with a rule for each mode: `vjp` as in `customVjp`, `jvp` as in `customJvp`. Each mode uses its own, so the
 * forward rule is not transposed: `x_bar = vjp(y_bar)`, `y_dot = jvp(x_dot)`. That one is the transpose of the other is up
 * to who gives them. Derivatives of higher order are those of the rules: `hvp`, forward over reverse, is the tangent of the
 * reverse rule. What `f` and the rules use from outside is held to what `customVjp` says.
 *
 * ```ts
 * const cube = customDerivative((x: Tensor<[]>) => T.pow(x, 3), {
 *   vjp: ({ args: [x] }, g) => [T.mul(g, T.mul(T.square(x), 3))],
 *   jvp: ({ args: [x] }, [t]) => T.mul(t, T.mul(T.square(x), 3))
 * })
 * ```
 */
export const customDerivative = <A extends ReadonlyArray<unknown>, Y>(
  f: (...args: A) => Y,
  rules: {
    readonly vjp: (called: Called<A, Y>, cotangent: Y) => PerArgument<A>
    readonly jvp: (called: Called<A, Y>, tangents: A) => Y
  }
): ((...args: A) => Y) => {
  if (!Tree.isBranch(rules))
    throw new DifferentiationError(
      `customDerivative: the rules must be a record { vjp, jvp }, they are ${Tree.describe(rules)}`
    )
  const { vjp, jvp } = rules
  checkRules("customDerivative", { vjp, jvp }, "; with one rule alone use customVjp or customJvp")
  return withDerivative("customDerivative", f, (given, result) => ({
    ...reverseRule("customDerivative", vjp, given, result),
    ...forwardRule("customDerivative", jvp, given, result)
  }))
}
