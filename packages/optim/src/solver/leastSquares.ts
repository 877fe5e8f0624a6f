/** Nonlinear least squares: a fit of residuals, with the errors of what was fitted. */
import { jacobian } from "@cotangent/autodiff"
import {
  type AnyTensor,
  DTypeError,
  isFloat,
  isTensor,
  operations as ops,
  sizeOf,
  T,
  type Tensor
} from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { count, nonNegative, positive, validate } from "../validation.ts"
import { mistakesOfStart } from "./bounds.ts"
import { flattening, isFinite, type Vector } from "./flat.ts"
import type { Minimized } from "./minimize.ts"
import { counter, firstOf, isConverged } from "./reason.ts"
import { type Column, type Matrix, lengthOf, type Triangle, triangleOf, trustRegionStep } from "./trustRegion.ts"

/** What `leastSquares` may be told. */
export interface LeastSquaresOptions {
  /** The most steps that lower the sum of squares; 500 unless given. */
  readonly maxIterations?: number
  /** The most evaluations of the residuals; 5 `maxIterations` unless given. */
  readonly maxEvaluations?: number
  /**
   * Converged where no column of the Jacobian has a cosine with the residuals above it, whatever the units; 1e-10 unless
   * given, 1e-4 in f32.
   */
  readonly toleranceGradient?: number
  /** Converged where the trust region is this part of the parameters; 1e-12 unless given, 1e-6 in f32. */
  readonly tolerancePoint?: number
  /** Converged where the sum of squares falls, and is predicted to fall, by this part; 1e-15 unless given, 1e-7 in f32. */
  readonly toleranceValue?: number
  /** The first trust region is so many times as large as the scaled parameters; 1 unless given. */
  readonly initialRadius?: number
}

/** A fit and how it was found, as expressions. */
export interface LeastSquares<P> extends Minimized<P> {
  /** `r(x)` as one vector. */
  readonly residuals: Tensor<[number], "f64">
  /** m - n: residuals less parameters. */
  readonly degreesOfFreedom: Tensor<[], "i32">
  /** `s^2 = value / (m - n)`, the variance of a residual; NaN unless there are more residuals than parameters. */
  readonly variance: Scalar
  /**
   * `s^2 (J^T J)^-1` with J at x, `[n, n]`, in the order of the leaves of x0. All of it is NaN where J is singular: then
   * parameters can be changed together without a change of the fit.
   */
  readonly covariance: Tensor<[number, number], "f64">
  /** The square roots of the diagonal of the covariance, as a tree like x0. */
  readonly standardErrors: P
}

/** The part of the predicted gain below which a step is not taken, and what is small and large of it. */
const [accepted, small, large] = [1e-4, 0.25, 0.75]

interface Carry {
  readonly x: Vector
  readonly residuals: Column
  readonly triangle: Triangle
  /** D, the largest lengths of the columns of J so far. */
  readonly scale: Column
  readonly delta: Scalar
  readonly lambda: Scalar
  readonly value: Scalar
  readonly iterations: Tensor<[], "i32">
  readonly evaluations: Tensor<[], "i32">
  readonly reason: Tensor<[], "i32">
}

/** The largest cosine of a column of J with the residuals; 0 where either is 0. */
const cosine = ({ slope, lengths }: Triangle, value: Scalar): Scalar => {
  const size = T.mul(lengths, T.sqrt(value)) as Column
  const positive = T.greater(size, 0)
  return T.max(T.where(positive, T.div(T.abs(slope), T.where(positive, size, 1)), 0)) as Scalar
}

/**
 * A local minimum of the sum of squares `f(x) = sum_i r_i(x)^2`, by Levenberg's and Marquardt's method in the form of Moré:
 *
 * `(J^T J + lambda D^2) p = -J^T r`, with lambda such that `|D p|` is at most delta,
 *
 * D the largest lengths of the columns of J so far, so that the units of parameters do not matter. The radius delta grows
 * and shrinks with the gain ratio, what f falls by over what the linear model predicts: below 1/4 it shrinks, above 3/4 it
 * doubles, and a step with less than 1e-4 is not taken; nor is one that leads to values that are not finite.
 *
 * `residuals` takes a tree of parameters to a tensor of any shape. For measurements of different precision divide each
 * residual by the standard deviation of its measurement.
 *
 * ```ts
 * const t = T.constant([0, 1, 2, 3], "f64")
 * const y = T.constant([2.0, 1.2, 0.7, 0.5], "f64")
 * const decay = (p: { a: Tensor<[], "f64">; k: Tensor<[], "f64"> }) => T.sub(T.mul(p.a, T.exp(T.mul(t, T.neg(p.k)))), y)
 * const { x, standardErrors } = leastSquares(decay, { a: T.constant(1, "f64"), k: T.constant(1, "f64") })
 * ```
 *
 * The linear algebra is in float64 whatever x0 is. `iterations` counts steps taken, `evaluations` evaluations of the
 * residuals; `gradientNorm` is the largest element of `2 J^T r`. A singular J does not stop the fit, lambda does not vanish
 * then; its errors are NaN. `"no descent"`: rounding leaves nothing to gain; `"not finite"`: so are the start, the Jacobian,
 * or the last trials of a region that became too small. Throws an OptimizerError with every mistake in the options and in a
 * start of constants, a TreeError unless the leaves of x0 are all f32 or all f64, a DTypeError for residuals that are not
 * floats. Source: Moré 1978; Moré, Garbow and Hillstrom, User guide for MINPACK-1 (1980).
 */
export const leastSquares = <P>(
  residuals: (params: NoInfer<P>) => AnyTensor,
  x0: P,
  options: LeastSquaresOptions = {}
): LeastSquares<P> => {
  const { maxIterations = 500 } = options
  const flat = flattening("leastSquares", x0)
  const exact = flat.dtype === "f64"
  const o = validate(
    "leastSquares",
    {
      maxIterations,
      // A mistake in the one is not one in the other.
      maxEvaluations: Math.max(1, 5 * Math.ceil(maxIterations)),
      toleranceGradient: exact ? 1e-10 : 1e-4,
      tolerancePoint: exact ? 1e-12 : 1e-6,
      toleranceValue: exact ? 1e-15 : 1e-7,
      initialRadius: 1,
      ...options
    },
    {
      maxIterations: count,
      maxEvaluations: count,
      toleranceGradient: nonNegative,
      tolerancePoint: nonNegative,
      toleranceValue: nonNegative,
      initialRadius: positive
    },
    mistakesOfStart(x0).map((otherwise) => ({ holds: () => false, otherwise }))
  )
  const n = flat.size
  const lineOf = (x: Vector): Vector => {
    const y = residuals(flat.tree(x))
    if (!isTensor(y) || !isFloat(y.dtype))
      throw new DTypeError(
        `leastSquares: the residuals must be a tensor of f32 or f64, they are ${isTensor(y) ? y.dtype : typeof y}; use T.cast`
      )
    return ops.reshape(y, [sizeOf(y.shape)])
  }
  const evaluate = (x: Vector): Column => ops.cast(lineOf(x), "f64") as Column
  // The Jacobian of a vector with respect to a vector is a matrix.
  const slopes = (x: Vector): Matrix => ops.cast(jacobian(lineOf)(x) as AnyTensor, "f64") as Matrix
  const squares = (r: Column): Scalar => T.sum(T.square(r)) as Scalar
  const lengthsOf = ({ lengths }: Triangle): Column => T.where(T.greater(lengths, 0), lengths, 1) as Column
  const weighted = (scale: Column, x: Vector): Scalar => lengthOf(T.mul(scale, ops.cast(x, "f64") as Column) as Column)
  const known = ({ r }: Triangle): Tensor<[], "bool"> => isFinite(T.sum(T.abs(r)) as Scalar)
  const isFlat = (triangle: Triangle, value: Scalar) => T.lessEqual(cosine(triangle, value), o.toleranceGradient)

  const iterate = (c: Carry): Carry => {
    const { p, lambda } = trustRegionStep(c.triangle, c.scale, c.delta, c.lambda)
    const x = ops.add(c.x, ops.cast(p, flat.dtype))
    const tried = evaluate(x)
    const value = squares(tried)
    const finite = isFinite(value)
    const length = lengthOf(T.mul(c.scale, p) as Column)
    // The first region is no larger than the first step.
    const delta = T.where(T.equal(c.iterations, 0), T.minimum(c.delta, length), c.delta)
    const linear = T.div(squares(T.matmul(c.triangle.r, p) as Column), c.value)
    const damping = T.div(T.mul(lambda, T.square(length)), c.value)
    const gain = T.where(finite, T.sub(f64(1), T.div(value, c.value)), f64(-1))
    const predicted = T.add(linear, T.mul(damping, 2))
    const descent = T.add(linear, damping)
    const ratio = T.where(T.greater(predicted, 0), T.div(gain, predicted), f64(0))
    const poor = T.lessEqual(ratio, small)
    const vertex = T.div(T.mul(descent, 0.5), T.sub(descent, T.mul(gain, 0.5)))
    const far = T.or(T.greaterEqual(T.mul(value, 0.01), c.value), T.not(T.greater(vertex, 0.1)))
    const shrink = T.where(T.greaterEqual(gain, 0), f64(0.5), T.where(T.or(far, T.not(finite)), f64(0.1), vertex))
    const good = T.or(T.equal(lambda, 0), T.greaterEqual(ratio, large))
    const radius = T.where(
      poor,
      T.mul(shrink, T.minimum(delta, T.mul(length, 10))),
      T.where(good, T.mul(length, 2), delta)
    )
    const damper = T.where(poor, T.div(lambda, shrink), T.where(good, T.mul(lambda, 0.5), lambda))
    const takes = T.and(finite, T.greaterEqual(ratio, accepted))
    const triangle = T.cond(
      takes,
      () => triangleOf(slopes(x), tried),
      () => c.triangle
    )
    const scale = T.maximum(c.scale, triangle.lengths) as Column
    const now = {
      x: ops.select(takes, x, c.x),
      residuals: T.where(takes, tried, c.residuals) as Column,
      value: T.where(takes, value, c.value),
      iterations: T.add(c.iterations, T.cast(takes, "i32")),
      evaluations: T.add(c.evaluations, 1)
    }
    const within = (tolerance: number) =>
      T.and(T.lessEqual(T.abs(gain), tolerance), T.and(T.lessEqual(predicted, tolerance), T.lessEqual(ratio, 2)))
    const narrow = (tolerance: number) => T.lessEqual(radius, T.mul(weighted(scale, now.x), tolerance))
    return {
      ...now,
      triangle,
      scale,
      delta: radius,
      lambda: damper,
      reason: firstOf(
        [T.not(known(triangle)), "not finite"],
        [isFlat(triangle, now.value), "gradient"],
        [T.and(T.not(finite), narrow(Math.max(o.tolerancePoint, Number.EPSILON))), "not finite"],
        [within(o.toleranceValue), "value"],
        [narrow(o.tolerancePoint), "point"],
        [T.or(within(Number.EPSILON), narrow(Number.EPSILON)), "no descent"],
        [T.greaterEqual(now.iterations, o.maxIterations), "iterations"],
        [T.greaterEqual(now.evaluations, o.maxEvaluations), "evaluations"]
      )
    }
  }

  const x = flat.vector(x0)
  const first = evaluate(x)
  const triangle = triangleOf(slopes(x), first)
  const value = squares(first)
  const scale = lengthsOf(triangle)
  const reach = weighted(scale, x)
  const end = T.whileLoop((c: Carry) => T.equal(c.reason, 0), iterate, {
    x,
    residuals: first,
    triangle,
    scale,
    delta: T.mul(T.where(T.greater(reach, 0), reach, f64(1)), o.initialRadius),
    lambda: f64(0),
    value,
    iterations: counter(0),
    evaluations: counter(1),
    reason: firstOf(
      [T.not(T.and(isFinite(value), known(triangle))), "not finite"],
      [isFlat(triangle, value), "gradient"]
    )
  } satisfies Carry as Carry)

  const degreesOfFreedom = (first.shape[0] ?? 0) - n
  const variance = degreesOfFreedom > 0 ? T.div(end.value, f64(degreesOfFreedom)) : f64(Number.NaN)
  const inverse = T.triangularSolve(end.triangle.r, T.eye(n, { dtype: "f64" }), { lower: false }) as Matrix
  const spread = T.mul(T.matmul(inverse, T.transpose(inverse)), variance) as Matrix
  const covariance = T.where(end.triangle.singular, f64(Number.NaN), spread) as Matrix
  const diagonal = T.sum(T.mul(covariance, T.eye(n, { dtype: "f64" })), { axis: 1 })
  return {
    x: flat.tree(end.x),
    value: end.value,
    gradientNorm: T.mul(T.max(T.abs(end.triangle.slope)), 2) as Scalar,
    converged: isConverged(end.reason),
    reason: end.reason,
    iterations: end.iterations,
    evaluations: end.evaluations,
    residuals: end.residuals,
    degreesOfFreedom: counter(degreesOfFreedom),
    variance,
    covariance,
    standardErrors: flat.tree(ops.cast(T.sqrt(diagonal), flat.dtype))
  }
}
