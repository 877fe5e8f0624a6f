/** A minimum of a function in one line, without a model. */
import type { Float, Guard, Mismatch, Shape, Show, Tensor } from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"
import { count, fraction, nonNegative, oneOf, type Requirement, validate } from "../validation.ts"
import { type Bound, boxOf, mistakesOfBounds, mistakesOfStart } from "./bounds.ts"
import { type Descent, descend } from "./descend.ts"
import { newtonCG, quasiNewton, steepest } from "./directions.ts"
import { flattening, onVectors } from "./flat.ts"
import { isConverged } from "./reason.ts"

/** How `minimize` goes down. */
export type MinimizeMethod = "lbfgs" | "gradientDescent" | "newtonCG"

/** What `minimize` may be told. */
export interface MinimizeOptions<P = unknown> {
  /**
   * `"lbfgs"`, the default, for smooth functions of any size; `"newtonCG"` uses products with the Hessian, which pays where
   * the Hessian changes little or is badly conditioned; `"gradientDescent"` remembers one step alone.
   */
  readonly method?: MinimizeMethod
  /** No element goes below: a number, or a tree like x0; no bound unless given. */
  readonly lower?: Bound<P>
  /** No element goes above. */
  readonly upper?: Bound<P>
  /** The most iterations; 500 unless given. */
  readonly maxIterations?: number
  /** The iteration in which so many evaluations are reached is the last; 20 `maxIterations` unless given. */
  readonly maxEvaluations?: number
  /** A (projected) gradient without larger elements has converged; 1e-8 unless given, 1e-5 in f32. */
  readonly toleranceGradient?: number
  /** A change of point or of value below it has converged; 0 unless given: only the gradient decides. */
  readonly toleranceChange?: number
  /** How many pairs of changes L-BFGS remembers; 10 unless given. */
  readonly historySize?: number
  /** c1: the part of the slope that a step must gain; 1e-4 unless given. */
  readonly sufficientDecrease?: number
  /** c2: the part of the slope that a step may leave; 0.9 unless given. For L-BFGS and Newton-CG without bounds alone. */
  readonly curvature?: number
}

/** A minimum and how it was found, as expressions. */
export interface Minimized<P> {
  readonly x: P
  readonly value: Scalar
  /** The largest absolute value in the gradient at x; with bounds in the projected gradient, `P(x - g) - x`. */
  readonly gradientNorm: Scalar
  readonly converged: Tensor<[], "bool">
  /** Why it stopped: a code, see `reasonOf`. */
  readonly reason: Tensor<[], "i32">
  readonly iterations: Tensor<[], "i32">
  /** Evaluations of f with its gradient, and products with its Hessian. */
  readonly evaluations: Tensor<[], "i32">
}

/** `unknown` when an objective is a scalar, else the sentence. */
export type ScalarObjective<S extends Shape> = S extends readonly []
  ? unknown
  : number extends S["length"]
    ? unknown
    : Mismatch<`minimize: the objective must return a scalar, it returns ${Show<S>}; use T.sum or T.mean, or leastSquares for residuals`>

const tree: Requirement = { mustBe: "a number or a tree like x0", holds: () => true }

/**
 * A local minimum of f that a descent from x0 reaches. The result is an expression, made of one loop: evaluate it with
 * `T.evaluate`, or compile it with what surrounds it.
 *
 * `x_{k+1} = P(x_k + t_k d_k)`, `d_k = -H_k g_k`
 *
 * with H the inverse Hessian of limited memory (`"lbfgs"`), the inverse Hessian by conjugate gradients (`"newtonCG"`) or 1
 * (`"gradientDescent"`), and t found by a strong Wolfe line search. With bounds P projects into the box, H acts on the
 * variables that no bound holds, and the search along the projected line asks for sufficient decrease. So does that of
 * gradient descent, whose steps follow Barzilai and Borwein: below the largest of the last ten values, so that single steps
 * may rise. A direction that leads nowhere is tried once more down the gradient, with an empty memory.
 *
 * ```ts
 * const { x, converged } = minimize((p: Tensor<[2]>) => T.sum(T.square(T.sub(p, 3))), T.constant([0, 1]))
 * ```
 *
 * A start outside of the bounds is projected. Where f or its gradient is not finite the search comes nearer; the reason is
 * `"not finite"` if that is so at the start, or at the last try of a search that found nothing lower. A tolerance may be
 * below what rounding leaves: then the reason is `"no descent"` or `"iterations"`, and `converged` is false.
 *
 * Throws an OptimizerError with every mistake in the options, the bounds and a start of constants; a TreeError unless the
 * leaves of x0 are all f32 or all f64; a ShapeError unless f returns a scalar. The loop has no reverse derivative: for
 * derivatives of the minimum itself use `argmin`. Sources: see `lbfgs`; Nocedal and Wright, algorithm 7.1; Bertsekas 1982;
 * Schmidt, Kim and Sra, Projected Newton-type methods in machine learning (2011); Raydan 1997.
 */
export const minimize = <P, S extends Shape, D extends Float>(
  f: (params: NoInfer<P>) => Tensor<S, D> & Guard<ScalarObjective<S>>,
  x0: P,
  options: MinimizeOptions<NoInfer<P>> = {}
): Minimized<P> => {
  const { maxIterations = 500, method = "lbfgs" } = options
  const flat = flattening("minimize", x0)
  const bounds = { lower: options.lower, upper: options.upper }
  const mistakes = [...mistakesOfStart(x0), ...mistakesOfBounds(x0, options.lower, options.upper)]
  const o = validate(
    "minimize",
    {
      method,
      maxIterations,
      // A mistake in the one is not one in the other.
      maxEvaluations: Math.max(1, 20 * Math.ceil(maxIterations)),
      toleranceGradient: flat.dtype === "f64" ? 1e-8 : 1e-5,
      toleranceChange: 0,
      historySize: 10,
      sufficientDecrease: 1e-4,
      curvature: 0.9,
      ...options,
      ...bounds
    },
    {
      method: oneOf("lbfgs", "gradientDescent", "newtonCG"),
      lower: tree,
      upper: tree,
      maxIterations: count,
      maxEvaluations: count,
      toleranceGradient: nonNegative,
      toleranceChange: nonNegative,
      historySize: count,
      sufficientDecrease: fraction,
      curvature: fraction
    },
    [
      {
        holds: ({ sufficientDecrease, curvature }) => !(sufficientDecrease >= curvature),
        otherwise: "sufficientDecrease must be below curvature, or no step may satisfy both"
      },
      ...mistakes.map((otherwise) => ({ holds: () => false, otherwise }))
    ]
  )
  const evaluate = onVectors("minimize", f, flat)
  const box = boxOf(flat, options.lower, options.upper)
  const start = flat.vector(x0)
  const ends: { readonly [M in MinimizeMethod]: () => Descent } = {
    lbfgs: () => descend(evaluate, flat, start, quasiNewton(o.historySize), box, o),
    gradientDescent: () => descend(evaluate, flat, start, steepest, box, o),
    newtonCG: () => descend(evaluate, flat, start, newtonCG(evaluate), box, o)
  }
  const { x, f: value, norm, reason, iterations, evaluations } = ends[method]()
  return {
    x: flat.tree(x),
    value,
    gradientNorm: norm,
    converged: isConverged(reason),
    reason,
    iterations,
    evaluations
  }
}
