/** Box bounds `lower <= x <= upper`: projection, stationarity, and which variables a bound holds. */
import { operations as ops } from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"
import { largest, type Vector } from "./flat.ts"

/** The bounds of every element, infinite where there is none. */
export interface Box {
  readonly lower: Vector
  readonly upper: Vector
}

/** A variable so close to its bound, and pushed against it, is held (Bertsekas 1982: at most so, and never more than the projected gradient). */
const nearest = 1e-8

/** The point of the box that is closest to x. */
export const project = ({ lower, upper }: Box, x: Vector): Vector => ops.min(ops.max(x, lower), upper)

/** `P(x - g) - x`: the move that a step of 1 down the gradient is left with, for x inside. It is 0 where x is stationary. */
export const projectedStep = ({ lower, upper }: Box, x: Vector, g: Vector): Vector =>
  ops.min(ops.max(ops.neg(g), ops.sub(lower, x)), ops.sub(upper, x))

/** The largest absolute value in the gradient, without what bounds hold. */
export const stationarity = (box: Box | undefined, x: Vector, g: Vector): Scalar =>
  largest(box === undefined ? g : projectedStep(box, x, g))

/** 1 where a variable is free to move, 0 where a bound holds it against the gradient. */
export const freeAt = (box: Box, x: Vector, g: Vector): Vector => {
  const reach = ops.min(ops.cast(stationarity(box, x, g), x.dtype), ops.full([], nearest, x.dtype))
  const [zero, wide] = [ops.full(x.shape, 0, x.dtype), ops.broadcast(reach, x.shape)]
  const below = ops.and(ops.le(ops.sub(x, box.lower), wide), ops.lt(zero, g))
  const above = ops.and(ops.le(ops.sub(box.upper, x), wide), ops.lt(g, zero))
  return ops.select(ops.or(below, above), zero, 1)
}
