/**
 * The step of Levenberg and Marquardt inside a trust region: p with `|D p| <= delta` that minimizes `|J p + r|`, up to a
 * tenth of delta. It solves `(J^T J + lambda D^2) p = -J^T r`, with lambda 0 where the step of Gauss and Newton is inside.
 *
 * All by QR: `J = Q R` once, and `[R; sqrt(lambda) D]` for each lambda, so that the condition of J is not squared. lambda is
 * found by Newton's method on `1/delta - 1/|D p|` between bounds. Source: Moré, The Levenberg-Marquardt algorithm:
 * implementation and theory, Lecture Notes in Mathematics 630 (1978).
 */
import { operations as ops, T, type Tensor } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { counter } from "./reason.ts"

/** A matrix and a vector in float64, which all of this is computed in. */
export type Matrix = Tensor<[number, number], "f64">
export type Column = Tensor<[number], "f64">

/** The triangle of a Jacobian, what it makes of the residuals, and what follows from them. */
export interface Triangle {
  /** R, `[n, n]`. */
  readonly r: Matrix
  /** `Q^T residuals`, `[n]`. */
  readonly rotated: Column
  /** `J^T residuals`. */
  readonly slope: Column
  /** The lengths of the columns of J. */
  readonly lengths: Column
  /** Whether a column of J is in the span of the others, up to rounding. */
  readonly singular: Tensor<[], "bool">
}

export const lengthOf = (x: Column): Scalar => T.sqrt(T.sum(T.square(x))) as Scalar

const sumOfRows = (x: Matrix): Column => T.sum(x, { axis: 0 }) as Column

/** The diagonal matrix of a vector. */
const diagonal = (x: Column): Matrix =>
  T.mul(T.eye(x.shape[0] ?? 0, { dtype: "f64" }), T.reshape(x, [1, x.shape[0] ?? 0])) as Matrix

/** The triangle of a Jacobian `[m, n]` and residuals `[m]`; rows of zeros are added where there are fewer than unknowns. */
export const triangleOf = (jacobian: Matrix, residuals: Column): Triangle => {
  const [m = 0, n = 0] = jacobian.shape
  const missing = Math.max(0, n - m)
  const tall = missing === 0 ? jacobian : (ops.concat([jacobian, ops.full([missing, n], 0, "f64")], 0) as Matrix)
  const long = missing === 0 ? residuals : (ops.concat([residuals, ops.full([missing], 0, "f64")], 0) as Column)
  const { q, r } = T.qr(tall) as { readonly q: Matrix; readonly r: Matrix }
  const lengths = T.sqrt(sumOfRows(T.square(jacobian))) as Column
  const heads = T.abs(sumOfRows(T.mul(r, T.eye(n, { dtype: "f64" })) as Matrix)) as Column
  const excess = T.sub(heads, T.mul(lengths, Math.max(m, n) * Number.EPSILON)) as Column
  return {
    r,
    rotated: T.matmul(T.transpose(q), long) as Column,
    slope: T.matmul(T.transpose(jacobian), residuals) as Column,
    lengths,
    singular: T.not(T.greater(T.min(excess) as Scalar, 0)) as Tensor<[], "bool">
  }
}

/** A step and its lambda. */
export interface DampedStep {
  readonly p: Column
  readonly lambda: Scalar
}

interface Damped {
  readonly p: Column
  /** The triangle of `[R; sqrt(lambda) D]`. */
  readonly r: Matrix
}

const upper = (r: Matrix, b: Column): Column => T.triangularSolve(r, b, { lower: false }) as Column
const transposed = (r: Matrix, b: Column): Column =>
  T.triangularSolve(r, b, { lower: false, transpose: true }) as Column

const damped = ({ r, rotated }: Triangle, scale: Column, lambda: Scalar): Damped => {
  const [n = 0] = rotated.shape
  const both = ops.concat([r, diagonal(T.mul(scale, T.sqrt(lambda)) as Column)], 0) as Matrix
  const factors = T.qr(both) as { readonly q: Matrix; readonly r: Matrix }
  const right = ops.concat([rotated, ops.full([n], 0, "f64")], 0) as Column
  return { p: T.neg(upper(factors.r, T.matmul(T.transpose(factors.q), right) as Column)) as Column, r: factors.r }
}

/** How close the length of a step comes to delta. */
const accuracy = 0.1

/** The most values of lambda that are tried. */
const maxTrials = 10

interface Search {
  readonly p: Column
  readonly lambda: Scalar
  readonly next: Scalar
  readonly low: Scalar
  readonly high: Scalar
  /** `|D p| - delta`. */
  readonly over: Scalar
  readonly trials: Tensor<[], "i32">
  readonly done: Tensor<[], "bool">
}

/** The step for a scaling D and a radius delta; `lambda` is a guess, that of the step before. */
export const trustRegionStep = (triangle: Triangle, scale: Column, delta: Scalar, lambda: Scalar): DampedStep => {
  const { r, rotated, slope, singular } = triangle
  const newton = T.neg(upper(r, rotated)) as Column
  const newtonLength = lengthOf(T.mul(scale, newton) as Column)
  // Not true for a length that is NaN, as that of a singular triangle may be.
  const inside = T.and(T.not(singular), T.lessEqual(newtonLength, T.mul(delta, 1 + accuracy)))
  const steepness = lengthOf(T.div(slope, scale) as Column)
  /** Newton's correction of lambda, for `|D p| = length` and the triangle that p was found with. */
  const correction = (triangle: Matrix, p: Column, length: Scalar): Scalar => {
    const w = transposed(triangle, T.div(T.mul(T.square(scale), p), length) as Column)
    return T.div(T.div(T.sub(length, delta), delta), T.sum(T.square(w)) as Scalar)
  }
  const search = (): DampedStep => {
    const low = T.where(singular, f64(0), correction(r, newton, newtonLength))
    const high = T.div(steepness, delta)
    const guess = T.minimum(T.maximum(lambda, low), high)
    const least = T.mul(high, 1e-3)
    const first = T.where(singular, least, T.div(steepness, newtonLength))
    const end = T.whileLoop(
      (s: Search) => T.not(s.done),
      (s: Search): Search => {
        const at = T.where(T.greater(s.next, 0), s.next, T.maximum(T.mul(s.high, 1e-3), Number.MIN_VALUE))
        const found = damped(triangle, scale, at)
        const length = lengthOf(T.mul(scale, found.p) as Column)
        const over = T.sub(length, delta)
        const trials = T.add(s.trials, 1)
        const near = T.lessEqual(T.abs(over), T.mul(delta, accuracy))
        const shrinks = T.and(T.equal(s.low, 0), T.and(T.lessEqual(over, s.over), T.less(s.over, 0)))
        const tooLong = T.greater(over, 0)
        const low = T.where(tooLong, T.maximum(s.low, at), s.low)
        return {
          p: found.p,
          lambda: at,
          next: T.maximum(low, T.add(at, correction(found.r, found.p, length))),
          low,
          high: T.where(tooLong, s.high, T.minimum(s.high, at)),
          over,
          trials,
          done: T.or(T.or(near, shrinks), T.greaterEqual(trials, maxTrials))
        }
      },
      {
        p: newton,
        lambda: f64(0),
        next: T.where(T.greater(guess, 0), guess, first),
        low,
        high,
        over: f64(Number.POSITIVE_INFINITY),
        trials: counter(0),
        done: T.constant(false, "bool")
      } satisfies Search as Search
    )
    return { p: end.p, lambda: end.lambda }
  }
  return T.cond(inside, (): DampedStep => ({ p: newton, lambda: f64(0) }), search)
}
