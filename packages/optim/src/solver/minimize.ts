/** A minimum of a function in one line, without a model. */
import type { Tensor } from "@cotangent/graph"
import { T } from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"
import { count, nonNegative, oneOf, validate } from "../validation.ts"
import { lbfgs } from "./lbfgs.ts"
import { codeOf, lastConverged } from "./reason.ts"
import type { Objective } from "./solver.ts"

/** What `minimize` may be told. */
export interface MinimizeOptions {
  /** How: L-BFGS with a strong Wolfe line search. */
  readonly method?: "lbfgs"
  /** The most iterations; 500 unless given. */
  readonly maxIterations?: number
  /** The iteration in which so many evaluations are reached is the last; 2000 unless given. */
  readonly maxEvaluations?: number
  /** A gradient without larger elements has converged; 1e-8 unless given. */
  readonly toleranceGradient?: number
  /** A change of point, of value or along the slope below it has converged; 0 unless given: only the gradient decides. */
  readonly toleranceChange?: number
  /** How many pairs of changes are remembered; 10 unless given. */
  readonly historySize?: number
}

/** A minimum and how it was found, as expressions. */
export interface Minimized<P> {
  readonly x: P
  readonly value: Scalar
  /** The largest absolute value in the gradient at x. */
  readonly gradientNorm: Scalar
  readonly converged: Tensor<[], "bool">
  /** Why it stopped: a code, see `reasonOf`. */
  readonly reason: Tensor<[], "i32">
  readonly iterations: Tensor<[], "i32">
  /** Evaluations of f with its gradient. */
  readonly evaluations: Tensor<[], "i32">
}

/**
 * A local minimum of f that a descent from x0 reaches. The result is an expression, made of one loop: evaluate it with
 * `T.evaluate`, or compile it with what surrounds it.
 *
 * ```ts
 * const { x, converged } = minimize((p: Tensor<[2]>) => T.sum(T.square(T.sub(p, 3))), T.constant([0, 1]))
 * ```
 *
 * In f32 a gradient of 1e-8 may be below what rounding leaves: then the reason is `"no descent"` or `"iterations"`, and
 * `converged` is false. Throws an OptimizerError with every mistake in the options, a TreeError unless the leaves of x0 are
 * all f32 or all f64. Source: see `lbfgs`. For derivatives of the minimum itself use `argmin`.
 */
export const minimize = <P>(f: Objective<NoInfer<P>>, x0: P, options: MinimizeOptions = {}): Minimized<P> => {
  const { method: _, ...o } = validate(
    "minimize",
    {
      method: "lbfgs" as const,
      maxIterations: 500,
      maxEvaluations: 2000,
      toleranceGradient: 1e-8,
      toleranceChange: 0,
      historySize: 10,
      ...options
    },
    {
      method: oneOf("lbfgs"),
      maxIterations: count,
      maxEvaluations: count,
      toleranceGradient: nonNegative,
      toleranceChange: nonNegative,
      historySize: count
    }
  )
  const solver = lbfgs({ ...o, lineSearch: "strongWolfe" })
  const { params, value, gradientNorm, reason, iterations, evaluations } = solver.step<P>(solver.init(x0), f)
  const converged = T.and(T.greaterEqual(reason, codeOf("gradient")), T.lessEqual(reason, lastConverged))
  return { x: params, value, gradientNorm, converged, reason, iterations, evaluations }
}
