/**
 * What a solver is: like an optimizer, but its step calls the objective itself, as often as it needs to, inside the graph.
 * A step is one program with loops, whatever number of evaluations it turns out to take.
 */
import type { Tensor } from "@cotangent/graph"
import type { Stepped } from "../optimizer.ts"
import type { Scalar } from "../scalar.ts"

/** A function to be made small. It may use tensors from outside, such as data; they are inputs of the program. */
export type Objective<P> = (params: P) => Tensor<[]> | Tensor<[], "f64">

/** What every solver's state holds. */
export interface Solved<P> extends Stepped<P> {
  /** The value of the objective at its last evaluation. */
  readonly value: Scalar
  /** The largest absolute value in the gradient at the last evaluation. */
  readonly gradientNorm: Scalar
  /** Iterations of all steps so far. */
  readonly iterations: Tensor<[], "i32">
  /** Evaluations of the objective with its gradient, of all steps so far. */
  readonly evaluations: Tensor<[], "i32">
  /** Why the last step stopped: a code, see `reasonOf`. */
  readonly reason: Tensor<[], "i32">
}

/** A type-level function from parameters to the state of a solver, as `Rule` is for optimizers. */
export interface SolverRule {
  readonly P: unknown
  readonly State: Solved<unknown>
  readonly Options: object
}

/** The state of the solver of rule F over parameters P. */
export type SolverStateOf<F extends SolverRule, P> = (F & { readonly P: P })["State"]

/**
 * A solver: pure functions `init: params -> state` and `step: (state, objective) -> state`.
 *
 * ```ts
 * const solver = lbfgs({ lineSearch: "strongWolfe" })
 * const step = (s: LbfgsState<Params>, x: X, y: Y) => solver.step<Params>(s, (p) => loss(p, x, y))
 * ```
 */
export interface Solver<in out F extends SolverRule> {
  readonly name: string
  /** The options, defaults filled in. */
  readonly options: F["Options"]
  /** The state before the first step. Throws a TreeError unless the leaves are all f32 or all f64. */
  readonly init: <P>(params: P) => SolverStateOf<F, P>
  /** The state after one more step on an objective. Throws a TreeError where the state does not fit. */
  readonly step: <P>(state: SolverStateOf<F, P>, objective: Objective<NoInfer<P>>) => SolverStateOf<F, P>
  /** The parameters to evaluate a model with. */
  readonly evalParams: <P>(state: SolverStateOf<F, P>) => P
}
