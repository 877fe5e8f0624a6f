/** Where to go from a point: the directions of the methods of `minimize`, all on the free variables alone. */
import { linearize } from "@cotangent/autodiff"
import { type DType, operations as ops, T, type Tensor } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { along, dot, type Evaluated, sumOfSizes, type Vector, wide } from "./flat.ts"
import { curved, directionOf, type Memory, noMemory, pushed, remembered, restricted } from "./limitedMemory.ts"
import { counter } from "./reason.ts"

/** What every method remembers: the last move, and the gradient it started from; zeros before the first. */
export interface Last {
  readonly move: Vector
  readonly gradient: Vector
}

/** Where a direction is asked for. */
export interface Place {
  readonly x: Vector
  readonly f: Scalar
  /** The gradient at x, on the free variables. */
  readonly g: Vector
  /** The whole gradient at x. */
  readonly whole: Vector
  /** 1 for free variables and 0 for the others; absent without bounds. */
  readonly free: Vector | undefined
}

/** A direction, the first step to try along it, what to remember, and the evaluations that it took. */
export interface Directed<M> {
  readonly d: Vector
  readonly trial: Scalar
  /** The value that the step must end below by enough; that at x unless given. */
  readonly ceiling?: Scalar
  readonly memory: M
  readonly evaluations: Tensor<[], "i32">
}

/** A method of `minimize`. */
export interface Method<M extends Last> {
  /** Whether steps need to leave little of the slope, for the next direction to be good. */
  readonly flattens: boolean
  readonly initial: (size: number, dtype: DType) => M
  readonly direct: (memory: M, place: Place) => Directed<M>
}

/** The first step along the gradient is no longer than 1 in the 1-norm, and no longer than the gradient. */
export const firstStep = (g: Vector): Scalar => {
  const total = sumOfSizes(g)
  return T.minimum(T.div(f64(1), T.where(T.greater(total, 0), total, f64(1))), 1)
}

const largestOf = (x: Vector): Scalar => wide(ops.reduceMax(x, [0]))

const hasMoved = ({ move }: Last): Tensor<[], "bool"> => T.greater(sumOfSizes(move), 0)

/** L-BFGS: `d = -H g`, see `lbfgs`. */
export const quasiNewton = (historySize: number): Method<Memory> => ({
  flattens: true,
  initial: (size, dtype) => noMemory(historySize, size, dtype),
  direct: (before, { g, whole, free }) => {
    const memory = remembered(before, whole, curved)
    const d = directionOf(free === undefined ? memory : restricted(memory, free), g)
    return { d, trial: T.where(hasMoved(before), f64(1), firstStep(g)), memory, evaluations: counter(0) }
  }
})

/** What gradient descent remembers: also the values at the last points. */
export interface Heights extends Last {
  readonly heights: Vector
}

/** How many points back a value may rise. */
const lookBack = 10

/**
 * Gradient descent: `d = -g`, the first trial `s . s / s . y` of the last change of point and of gradient, the step that
 * would be exact for a curvature that is the same all over (Barzilai and Borwein 1988). Such steps are good because they do
 * not always go down: a value need only be below the largest of the last 10 (Raydan 1997; with bounds Birgin, Martinez and
 * Raydan 2000).
 */
export const steepest: Method<Heights> = {
  flattens: false,
  initial: (size, dtype) => ({
    move: ops.full([size], 0, dtype),
    gradient: ops.full([size], 0, dtype),
    heights: ops.full([lookBack], Number.NEGATIVE_INFINITY, "f64")
  }),
  direct: (last, { f, g, whole }) => {
    const bend = ops.sub(whole, last.gradient)
    const [squared, curvature] = [dot(last.move, last.move), dot(last.move, bend)]
    const bends = T.greater(curvature, T.mul(squared, Number.EPSILON))
    const trial = T.div(squared, T.where(bends, curvature, f64(1)))
    const heights = pushed(last.heights, f)
    return {
      d: ops.neg(g),
      trial: T.where(T.and(bends, hasMoved(last)), trial, firstStep(g)),
      ceiling: largestOf(heights),
      memory: { ...last, heights },
      evaluations: counter(0)
    }
  }
}

interface Residual {
  readonly z: Vector
  readonly r: Vector
  readonly d: Vector
  readonly rr: Scalar
  readonly products: Tensor<[], "i32">
  readonly bent: Tensor<[], "bool">
}

/**
 * Newton-CG: conjugate gradients on `H d = -g`, until the residual is at most `min(1/100, sqrt(|g|)) |g|`, which makes the
 * convergence superlinear, or a direction of negative curvature is met: there the last
 * step is taken by the absolute value of the curvature, which leads away from saddles, and the line search makes it longer.
 * The Hessian is known by its products alone. Source: Nocedal and Wright, algorithm 7.1; Dembo and Steihaug 1983; the
 * absolute curvature as in Dauphin and others 2014.
 */
export const newtonCG = (evaluate: (x: Vector) => Evaluated): Method<Last> => ({
  flattens: true,
  initial: (size, dtype) => ({ move: ops.full([size], 0, dtype), gradient: ops.full([size], 0, dtype) }),
  direct: (memory, { x, g, free }) => {
    const product = linearize((at: Vector) => evaluate(at).g, x)[1]
    const masked = (v: Vector): Vector => (free === undefined ? v : ops.mul(v, free))
    const size = T.sqrt(dot(g, g))
    const enough = T.mul(T.minimum(T.sqrt(size), 0.01), size)
    const zeros = ops.full(g.shape, 0, g.dtype)
    const start: Residual = {
      z: zeros,
      r: g,
      d: ops.neg(g),
      rr: dot(g, g),
      products: counter(0),
      bent: T.constant(false, "bool")
    }
    // In exact arithmetic n products are enough.
    const limit = 2 * (g.shape[0] ?? 0) + 10
    const end = T.whileLoop(
      (c: Residual) => T.and(T.not(c.bent), T.and(T.greater(T.sqrt(c.rr), enough), T.less(c.products, limit))),
      (c: Residual): Residual => {
        const bow = masked(product(c.d))
        const curvature = dot(c.d, bow)
        const size = T.abs(curvature)
        // A direction without curvature at all is taken at its own length.
        const flat = T.not(T.greater(size, 0))
        const alpha = T.where(flat, f64(1), T.div(c.rr, T.where(flat, f64(1), size)))
        const r = along(c.r, alpha, bow)
        const rr = dot(r, r)
        return {
          z: along(c.z, alpha, c.d),
          r,
          d: ops.sub(ops.mul(c.d, ops.cast(T.div(rr, c.rr), g.dtype)), r),
          rr,
          products: T.add(c.products, 1),
          bent: T.or(flat, T.less(curvature, 0))
        }
      },
      start
    )
    return { d: end.z, trial: f64(1), memory, evaluations: end.products }
  }
})
