/**
 * Linear systems that are known by their products alone, solved by loops inside the graph. Both solvers work on a right
 * side scaled to size 1: the solution is linear in it, however small it is, as cotangents often are.
 */
import { type AnyTensor, operations as ops, sizeOf, T, type Tensor } from "@cotangent/graph"

/** A tensor of one dimension. */
export type Vector = AnyTensor

/** A linear function of vectors. */
export type Product = (v: Vector) => Vector

export const dot = (a: Vector, b: Vector): AnyTensor => ops.reduceSum(ops.mul(a, b), [0])

/** The largest absolute value. */
export const size = (a: Vector): AnyTensor => ops.reduceMax(ops.abs(a), [0])

/** Whether a scalar is larger than a number; NaN is not. */
export const exceeds = (x: AnyTensor, bound: number): AnyTensor => ops.lt(ops.full([], bound, x.dtype), x)

export const zerosLike = ({ shape, dtype }: AnyTensor): AnyTensor => ops.full(shape, 0, dtype)

/** `while goesOn(...state): state = next(...state)`, at most `limit` times; the number of steps stands behind the state. */
export const repeat = (
  state: ReadonlyArray<AnyTensor>,
  limit: number,
  goesOn: (...state: ReadonlyArray<AnyTensor>) => AnyTensor,
  next: (...state: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
): ReadonlyArray<AnyTensor> => {
  type Carry = { readonly state: ReadonlyArray<AnyTensor>; readonly steps: Tensor<[], "i32"> }
  const start: Carry = { state, steps: T.constant(0, "i32") }
  const end = T.whileLoop(
    (c: Carry) => ops.and(goesOn(...c.state), ops.lt(c.steps, limit)) as Tensor<[], "bool">,
    (c: Carry): Carry => ({ state: next(...c.state), steps: T.add(c.steps, 1) }),
    start
  )
  return [...end.state, end.steps]
}

/** Rounding delays the last digits of badly conditioned systems far beyond the n steps of exact arithmetic. */
const limitOf = (b: Vector): number => Math.min(10 * sizeOf(b.shape) + 100, 10_000)

const scaled = (b: Vector, solve: (b: Vector) => Vector): Vector => {
  const largest = size(b)
  const scale = ops.select(exceeds(largest, 0), largest, 1)
  return ops.mul(solve(ops.div(b, scale)), scale)
}

/**
 * Conjugate gradients for a symmetric positive definite product, from zero (Hestenes and Stiefel 1952). A direction of
 * negative curvature ends them with what was found, `b` itself at the start: a descent direction of Newton's method all
 * the same (Nocedal and Wright, Numerical Optimization, algorithm 7.1).
 */
export const conjugateGradients = (product: Product, b: Vector, tolerance: number): Vector =>
  scaled(b, (unit) => {
    const [x = unit] = repeat(
      [zerosLike(unit), unit, unit, dot(unit, unit)],
      limitOf(b),
      (_, r = unit) => exceeds(size(r), tolerance),
      (x = unit, r = unit, d = unit, rr = unit) => {
        const moved = product(d)
        const curvature = dot(d, moved)
        const bends = exceeds(curvature, 0)
        const alpha = ops.div(rr, curvature)
        const last = ops.select(ops.le(size(x), 0), unit, x)
        const residual = ops.select(bends, ops.sub(r, ops.mul(moved, alpha)), 0)
        const next = dot(residual, residual)
        return [
          ops.select(bends, ops.add(x, ops.mul(d, alpha)), last),
          residual,
          ops.add(residual, ops.mul(d, ops.div(next, rr))),
          next
        ]
      }
    )
    return x
  })

/**
 * Any product, by conjugate gradients on least squares: those of the normal equations, with the residual kept in the space
 * of `b`, which does not square the condition number (Björck, Elfving and Strakoš 1998).
 */
export const leastSquares = (product: Product, transposed: Product, b: Vector, tolerance: number): Vector =>
  scaled(b, (unit) => {
    const s = transposed(unit)
    const [x = unit] = repeat(
      [zerosLike(unit), unit, s, dot(s, s)],
      limitOf(b),
      (_, r = unit, __, ss = unit) => ops.and(exceeds(size(r), tolerance), exceeds(ss, 0)),
      (x = unit, r = unit, d = unit, ss = unit) => {
        const moved = product(d)
        const alpha = ops.div(ss, dot(moved, moved))
        const residual = ops.sub(r, ops.mul(moved, alpha))
        const slope = transposed(residual)
        const next = dot(slope, slope)
        return [ops.add(x, ops.mul(d, alpha)), residual, ops.add(slope, ops.mul(d, ops.div(next, ss))), next]
      }
    )
    return x
  })

/** The solution `x` of `product(x) = b`, or NaN where its residual is not small beside b: then there is no derivative. */
export const checked = (product: Product, b: Vector, x: Vector, tolerance: number): Vector => {
  const left = size(ops.sub(product(x), b))
  return ops.select(ops.le(left, ops.mul(size(b), Math.sqrt(tolerance))), x, NaN)
}
