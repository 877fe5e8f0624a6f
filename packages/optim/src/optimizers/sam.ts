import { isFloat, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { valueAndGrad } from "@cotangent/autodiff"
import { document } from "../document.ts"
import { globalNorm } from "../norm.ts"
import type { Optimizer, Rule, StateOf } from "../optimizer.ts"
import { f64, type Scalar } from "../scalar.ts"
import { codeOf } from "../solver/reason.ts"
import type { Objective, Solved, Solver, SolverRule, SolverStateOf } from "../solver/solver.ts"
import { nonNegative, validate } from "../validation.ts"
import { assertOptimizers } from "../given.ts"

/** Options of sharpness-aware minimization. */
export interface SamOptions {
  /** How far up the gradient the second evaluation lies: 0.05 unless given. */
  readonly rho?: number
}

/** The rule of sharpness-aware minimization around the rule F. */
export interface SamRule<F extends Rule> extends SolverRule {
  readonly State: StateOf<F, this["P"]> & Solved<this["P"]>
  readonly Options: F["Options"] & { readonly sam: Required<SamOptions> }
}

/** Sharpness-aware minimization in words. */
export const samDocument = document({
  name: "sam",
  summary: "Any optimizer, given the gradient at the worst point near by, so that it looks for flat minima.",
  equation: "e = rho g(theta) / |g(theta)|, theta' by the optimizer from the gradient g(theta + e)",
  source: "Foret et al. 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, algorithm 1",
  slots: {},
  conventions: { rho: "0.05; the norm is that of all tensors together, as in the authors' code" },
  traits: { firstStep: "descends" }
})

/**
 * Sharpness-aware minimization around any optimizer: a step takes the gradient g at theta and gives the optimizer the
 * gradient at `theta + rho g / |g|`, the norm that of all tensors together. It calls the objective twice, so it is a
 * solver: `step` is given the objective, not a gradient. `value` and `gradientNorm` are those at the second point.
 *
 * ```ts
 * const solver = sam(adam({ learningRate: 1e-3 }), { rho: 0.05 })
 * const step = (s: SolverStateOf<SamRule<AdamRule>, Params>, x: X, y: Y) => solver.step(s, (p: Params) => loss(p, x, y))
 * ```
 *
 * Source: Foret, Kleiner, Mobahi and Neyshabur 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization,
 * algorithm 1 with p = 2. Throws an OptimizerError if rho is not a finite number, 0 or more.
 */
export const sam = <F extends Rule>(optimizer: Optimizer<F>, options: SamOptions = {}): Solver<SamRule<F>> => {
  assertOptimizers("sam", { optimizer })
  const o = validate("sam", { rho: 0.05, ...options }, { rho: nonNegative })
  const counter = (n: number): Tensor<[], "i32"> => T.constant(n, "i32")

  const solved = <P>(
    state: StateOf<F, P>,
    found: Pick<Solved<P>, "value" | "gradientNorm" | "evaluations" | "reason">
  ): unknown => ({ ...state, iterations: state.step, ...found })

  const init = <P>(params: P): unknown =>
    solved<P>(optimizer.init(params), {
      value: f64(Number.POSITIVE_INFINITY),
      gradientNorm: f64(Number.POSITIVE_INFINITY),
      evaluations: counter(0),
      reason: counter(codeOf("not stopped"))
    })

  const step = <P>(state: SolverStateOf<SamRule<F>, P>, objective: Objective<P>): unknown => {
    // Either element type will do; the gradient follows the parameters.
    const evaluate = valueAndGrad(objective as (params: P) => Tensor<[], "f64">)
    const [, slope] = evaluate(state.params)
    const norm = globalNorm(slope)
    const known = T.greater(norm, 0)
    const factor: Scalar = T.where(known, T.div(f64(o.rho), T.where(known, norm, f64(1))), f64(0))
    const raised = Tree.zip<P>([state.params, slope], ([x, g]) => {
      if (x === undefined || g === undefined) throw new RangeError("two trees were zipped")
      return isFloat(x.dtype) ? ops.add(x, ops.mul(g, ops.cast(factor, x.dtype))) : x
    })
    const [value, gradient] = evaluate(raised)
    // The value is a scalar; its element type is made f64.
    const wide = ops.cast(value, "f64") as Scalar
    const isFinite = T.equal(T.sub(wide, wide), 0)
    return solved<P>(optimizer.step<P>(state, gradient), {
      value: wide,
      gradientNorm: largestOf(gradient),
      evaluations: T.add(state.evaluations, 2),
      reason: T.where(isFinite, counter(codeOf("iterations")), counter(codeOf("not finite")))
    })
  }

  // The state of F with what every solver's state holds: F's own type is not known here.
  return Object.freeze({
    name: `sam(${optimizer.name})`,
    options: Object.freeze({ ...optimizer.options, sam: o }),
    init,
    step,
    evalParams: optimizer.evalParams
  }) as unknown as Solver<SamRule<F>>
}

/** The largest absolute value in a tree, 0 if there is none. */
const largestOf = (tree: unknown): Scalar =>
  Tree.leaves(tree)
    .filter((leaf) => isFloat(leaf.dtype))
    .map(
      (leaf) =>
        ops.cast(
          ops.reduceMax(
            ops.abs(leaf),
            leaf.shape.map((_, axis) => axis)
          ),
          "f64"
          // Reducing over all axes leaves a scalar.
        ) as Scalar
    )
    .reduce((a, b) => T.maximum(a, b), f64(0))
