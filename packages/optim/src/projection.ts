/** Projections: the nearest point of a convex set, and optimizers that stay in one. */
import { type AnyTensor, isFloat, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { OptimizerError } from "./errors.ts"
import type { StagedStep } from "./explain/stages.ts"
import type { Optimizer, Rule, StateOf, Stepped } from "./optimizer.ts"
import { isWithin } from "./paths.ts"
import { anyNumber, positive, validate } from "./validation.ts"
import { assertOptimizers, assertRecord } from "./given.ts"
import { assertIsState } from "./foreignState.ts"

/** The nearest point of a convex set to a leaf, all its elements taken as one vector; the set as plain data beside it. */
export interface Projection {
  readonly name: string
  readonly options: object
  readonly of: (leaf: AnyTensor) => AnyTensor
}

const project = (name: string, options: object, of: Projection["of"]): Projection =>
  Object.freeze({ name, options: Object.freeze(options), of })

const axesOf = (x: AnyTensor): ReadonlyArray<number> => x.shape.map((_, axis) => axis)
const sizeOf = (x: AnyTensor): number => x.shape.reduce((a, b) => a * b, 1)
const zeroOf = (x: AnyTensor): AnyTensor => ops.full([], 0, x.dtype)
const oneOf = (x: AnyTensor): AnyTensor => ops.full([], 1, x.dtype)

/** Elements of 0 or more: `max(x, 0)`. Optax: `projection_non_negative`; Keras: `NonNeg`. */
export const nonNegativeElements: Projection = project("nonNegativeElements", {}, (x) => ops.max(x, zeroOf(x)))

/** Elements between two bounds: `min(max(x, low), high)`. Optax: `projection_box`. */
export const box = (low: number, high: number): Projection => {
  const o = validate("box", { low, high }, { low: anyNumber, high: anyNumber }, [
    { holds: (b) => b.low <= b.high, otherwise: "low must not be above high" }
  ])
  return project("box", o, (x) => ops.min(ops.max(x, low), high))
}

/** The ball of the largest absolute value, `max |x_i| <= radius`. Optax: `projection_linf_ball`. */
export const linfBall = (radius: number): Projection =>
  project("linfBall", validate("linfBall", { radius }, { radius: positive }), (x) =>
    ops.min(ops.max(x, -radius), radius)
  )

/** The ball of the Euclidean norm: `x min(1, radius / |x|)`. Optax: `projection_l2_ball`; Keras: `MaxNorm`. */
export const l2Ball = (radius: number): Projection =>
  project("l2Ball", validate("l2Ball", { radius }, { radius: positive }), (x) => {
    const norm = ops.sqrt(ops.reduceSum(ops.mul(x, x), axesOf(x)))
    return ops.mul(x, ops.min(ops.div(ops.full([], radius, x.dtype), norm), oneOf(x)))
  })

/**
 * The threshold tau for which `sum max(x_i - tau, 0) = total`: with x sorted downwards and partial sums `s_j`, it is
 * `(s_j - total) / j` for the largest j with `j x_j > s_j - total`.
 */
const threshold = (x: AnyTensor, total: number): AnyTensor => {
  const n = sizeOf(x)
  // The type of a vector whose length only the values know.
  const flat = ops.reshape(x, [n]) as Tensor<[number], "f64">
  const sorted = T.sort(flat, { descending: true })
  const excess: AnyTensor = T.sub(T.cumsum(sorted), total)
  const place = ops.add(ops.iota([n], 0, x.dtype), 1)
  const inside = ops.cast(ops.lt(excess, ops.mul(sorted, place)), x.dtype)
  const j = ops.reduceSum(inside, [0])
  const last = ops.eq(place, j)
  return ops.div(ops.reduceSum(ops.select(last, excess, ops.full([n], 0, x.dtype)), [0]), j)
}

/**
 * The simplex, `x_i >= 0` and `sum x_i = total`: `max(x - tau, 0)` with the tau that gives the sum.
 *
 * Source: Duchi, Shalev-Shwartz, Singer and Chandra 2008, Efficient Projections onto the l1-Ball, figure 1. Optax:
 * `projection_simplex`.
 */
export const simplex = (total = 1): Projection =>
  project("simplex", validate("simplex", { total }, { total: positive }), (x) =>
    ops.max(ops.sub(x, threshold(x, total)), zeroOf(x))
  )

/**
 * The ball of the sum of absolute values, `sum |x_i| <= radius`: `sign(x) max(|x| - tau, 0)`.
 *
 * Source: Duchi et al. 2008, section 4. Optax: `projection_l1_ball`.
 */
export const l1Ball = (radius: number): Projection =>
  project("l1Ball", validate("l1Ball", { radius }, { radius: positive }), (x) => {
    const size = ops.abs(x)
    const isInside = ops.le(ops.reduceSum(size, axesOf(x)), ops.full([], radius, x.dtype))
    return ops.select(isInside, x, ops.mul(ops.sign(x), ops.max(ops.sub(size, threshold(size, radius)), zeroOf(x))))
  })

/** The rule of a projected optimizer: the state is that of the optimizer within. */
export interface ProjectedRule<F extends Rule> extends Rule {
  readonly State: StateOf<F, this["P"]>
  readonly Options: { readonly optimizer: F["Options"]; readonly onto: { readonly [prefix: string]: object } }
}

/**
 * Projected descent: after each step of the optimizer its parameters go to the nearest point of their set,
 * `theta' = P(step(theta))`. Give one projection for every leaf, or projections by the beginnings of paths, of which the
 * longest that fits counts; other leaves are free. Parameters that lie outside at the start come inside at the first step.
 *
 * Source: Goldstein 1964; Bertsekas 1999, Nonlinear Programming, section 2.3. Keras: `kernel_constraint`.
 *
 * ```ts
 * const optimizer = projected(sgd({ learningRate: 0.1 }), { weights: simplex(), "dense.kernel": l2Ball(3) })
 * ```
 *
 * Throws an OptimizerError at the first step if a beginning fits no path.
 */
export const projected = <F extends Rule>(
  optimizer: Optimizer<F>,
  onto: Projection | { readonly [prefix: string]: Projection }
): Optimizer<ProjectedRule<F>> => {
  assertOptimizers("projected", { optimizer })
  assertRecord("projected", "the projections", onto)
  const isProjection = (p: typeof onto): p is Projection => typeof p["of"] === "function"
  const byPrefix: { readonly [prefix: string]: Projection } = isProjection(onto) ? { "": onto } : onto
  const list = Object.entries(byPrefix).toSorted(([a], [b]) => b.length - a.length)

  const check = (params: unknown): void => {
    const paths = Tree.entries(params).map(({ path }) => path)
    const mistakes = list.flatMap(([prefix]) =>
      paths.some((path) => isWithin(path, prefix))
        ? []
        : [`there is no parameter ${prefix} to project; the parameters are ${paths.join(", ")}`]
    )
    if (mistakes.length > 0) throw new OptimizerError("projected", mistakes)
  }
  const nearest = <P>(params: P): P =>
    Tree.map(params, (leaf, path) => {
      const found = list.find(([prefix]) => isWithin(path, prefix))
      return found === undefined || !isFloat(leaf.dtype) ? leaf : found[1].of(leaf)
    })
  const step = (state: StateOf<F, unknown>, grad: unknown): Stepped<unknown> => {
    assertIsState("projected.step: the state", state)
    check(state.params)
    const next: Stepped<unknown> = optimizer.step<unknown>(state, grad)
    return { ...next, params: nearest(next.params) }
  }
  const stages = (state: StateOf<F, unknown>, grad: unknown): StagedStep<unknown> => {
    const staged = optimizer.stages?.<unknown>(state, grad) ?? { changes: [] }
    const change = Tree.zip([step(state, grad).params, state.params], ([to, from]) => {
      if (to === undefined || from === undefined) throw new RangeError("projected: two trees were zipped")
      return isFloat(to.dtype) ? ops.sub(to, from) : ops.full(to.shape, 0, to.dtype)
    })
    return { ...staged, changes: [...staged.changes, { stage: "projection", value: change }] }
  }
  // The state of F over P, with other parameters of P in it.
  return Object.freeze({
    name: `projected(${optimizer.name})`,
    options: Object.freeze({
      optimizer: optimizer.options,
      onto: Object.fromEntries(list.map(([prefix, { name, options }]) => [prefix, { name, ...options }]))
    }),
    init: optimizer.init,
    step,
    evalParams: optimizer.evalParams,
    ...(optimizer.stages === undefined ? {} : { stages })
  }) as unknown as Optimizer<ProjectedRule<F>>
}
