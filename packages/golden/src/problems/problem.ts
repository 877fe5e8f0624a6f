/**
 * The test functions of Moré, Garbow and Hillstrom (Testing Unconstrained Optimization Software, ACM TOMS 7, 1981): sums
 * of squares of residuals, with the starting points and minima of the paper.
 */
import { operations as ops, type Shape, T, type Tensor } from "@cotangent/graph"

/** A vector of unknowns or of residuals. */
export type Vector = Tensor<Shape, "f64">

/** The least value from a standard start, and how exactly the paper says it: to about six digits. */
export interface Minimum {
  readonly value: number
  /** A point that attains it: the paper's, or else one found by iterating here, to 15 digits. */
  readonly at?: ReadonlyArray<number>
}

/** One test function: `f(x) = sum_i r_i(x)^2`. */
export interface Problem {
  readonly name: string
  readonly start: ReadonlyArray<number>
  readonly residuals: (x: Vector) => Vector
  /** The number of residuals. */
  readonly count: number
  /** The minima that a descent from the start may reach. */
  readonly minima: ReadonlyArray<Minimum>
}

/** The sum of squares of a problem. */
export const objective =
  ({ residuals }: Problem) =>
  (x: Vector): Tensor<[], "f64"> =>
    T.reshape(T.sum(T.square(residuals(x))), []) as Tensor<[], "f64">

/** A vector of known numbers. */
export const vector = (numbers: ReadonlyArray<number>): Vector => T.constant([...numbers], "f64")

/** `f(1), f(2), ..., f(n)` as numbers. */
export const series = (n: number, f: (i: number) => number): ReadonlyArray<number> =>
  Array.from({ length: n }, (_, i) => f(i + 1))

/** The unknowns one by one, as scalars. */
export const unknowns = (x: Vector): ReadonlyArray<Vector> =>
  Array.from({ length: x.shape[0] ?? 0 }, (_, i) => T.reshape(T.slice(x, [{ start: i, end: i + 1 }]), []))

/** Scalars and vectors joined into one vector. */
export const joined = (...parts: ReadonlyArray<Vector>): Vector =>
  ops.concat(
    parts.map((part) => (part.shape.length === 0 ? ops.reshape(part, [1]) : part)),
    0
    // All parts are f64.
  ) as Vector

/** Arithmetic on vectors of any shape: what problems are written with. */
export const plus = (a: Vector, b: Vector | number): Vector => T.add(a, b) as Vector
export const minus = (a: Vector, b: Vector | number): Vector => T.sub(a, b) as Vector
export const times = (a: Vector, b: Vector | number): Vector => T.mul(a, b) as Vector
export const over = (a: Vector, b: Vector | number): Vector => T.div(a, b) as Vector
export const squared = (a: Vector): Vector => T.square(a) as Vector
export const exponential = (a: Vector): Vector => T.exp(a) as Vector
export const total = (a: Vector): Vector => T.sum(a) as Vector
