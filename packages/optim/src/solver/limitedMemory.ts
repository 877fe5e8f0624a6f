/** The inverse Hessian of L-BFGS: the pairs of changes it is made of, and its product with a gradient. */
import { type DType, operations as ops, T, type Tensor } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { dot, type Vector, wide } from "./flat.ts"

/** The pairs as a loop carries them: rows of parameters one after the other, the newest last. */
export interface Memory {
  /** `s_i = x_{i+1} - x_i`, `[historySize, n]`; rows of zeros before there are changes. */
  readonly changes: Vector
  /** `y_i = g_{i+1} - g_i`. */
  readonly bends: Vector
  /** `1 / (y_i . s_i)`, 0 where there is no pair. */
  readonly weights: Vector
  /** `gamma`, the scale of the inverse Hessian before corrections. */
  readonly scale: Scalar
  /** The last move, and the gradient it started from. */
  readonly move: Vector
  readonly gradient: Vector
}

/** The memory before the first move. */
export const noMemory = (historySize: number, size: number, dtype: DType): Memory => ({
  changes: ops.full([historySize, size], 0, dtype),
  bends: ops.full([historySize, size], 0, dtype),
  weights: ops.full([historySize], 0, "f64"),
  scale: f64(1),
  move: ops.full([size], 0, dtype),
  gradient: ops.full([size], 0, dtype)
})

/** The rows without the first, and one more at the end. */
export const pushed = (rows: Vector, row: Vector): Vector => {
  const [n = 0, ...rest] = rows.shape
  const kept = ops.slice(rows, { start: [1, ...rest.map(() => 0)], limit: [n, ...rest], step: rows.shape.map(() => 1) })
  return ops.concat([kept, ops.reshape(row, [1, ...rest])], 0)
}

/** Whether a pair is worth keeping, of `y . s` and `y . y`. */
export type Keeps = (curvature: Scalar, bendSquared: Scalar) => Tensor<[], "bool">

/**
 * Pairs whose curvature is more than rounding, whatever the units of the parameters and of the objective: `y . s` above
 * `2^-52 y . y`, as in L-BFGS-B.
 */
export const curved: Keeps = (curvature, bendSquared) => T.greater(curvature, T.mul(bendSquared, Number.EPSILON))

/** The memory with the pair of the last move, if it is kept. Before the first move it is 0 and leaves all as it is. */
export const remembered = (memory: Memory, g: Vector, keeps: Keeps): Memory => {
  const bend = ops.sub(g, memory.gradient)
  const curvature = dot(bend, memory.move)
  const bendSquared = dot(bend, bend)
  const keep = keeps(curvature, bendSquared)
  const one = ops.select(keep, curvature, 1)
  return {
    ...memory,
    changes: ops.select(keep, pushed(memory.changes, memory.move), memory.changes),
    bends: ops.select(keep, pushed(memory.bends, bend), memory.bends),
    weights: ops.select(keep, pushed(memory.weights, ops.div(ops.full([], 1, "f64"), one)), memory.weights),
    scale: T.where(keep, T.div(curvature, T.where(keep, bendSquared, f64(1))), memory.scale)
  }
}

interface Pairs {
  readonly change: Vector
  readonly bend: Vector
  readonly weight: Vector
}

/** The pairs on the free variables alone, where `free` is 1 and not 0; a pair without curvature there has no weight. */
export const restricted = (memory: Memory, free: Vector): Memory => {
  const changes = ops.mul(memory.changes, ops.broadcast(free, memory.changes.shape))
  const bends = ops.mul(memory.bends, ops.broadcast(free, memory.bends.shape))
  const rows = (a: Vector, b: Vector): Vector => ops.cast(ops.reduceSum(ops.mul(a, b), [1]), "f64")
  const pairs: Pairs = { change: rows(changes, bends), bend: rows(bends, bends), weight: memory.weights }
  const [scale, weights] = T.scan(
    (scale: Scalar, row: T.RowOf<Pairs>) => {
      const { change, bend } = row as Pairs
      const [curvature, squared] = [wide(change), wide(bend)]
      const keep = curved(curvature, squared)
      const weight = T.where(keep, T.div(f64(1), T.where(keep, curvature, f64(1))), f64(0))
      return [T.where(keep, T.div(curvature, T.where(keep, squared, f64(1))), scale), weight] as const
    },
    memory.scale,
    pairs
  )
  return { ...memory, changes, bends, weights: weights as Vector, scale }
}

/** `-H g` by the two loops over the pairs: from the newest to the oldest, and back. */
export const directionOf = ({ changes, bends, weights, scale }: Memory, g: Vector): Vector => {
  const pairs: Pairs = { change: changes, bend: bends, weight: weights }
  const times = (v: Vector, factor: Scalar): Vector => ops.mul(v, ops.cast(factor, v.dtype))
  const [q, alphas] = T.scan(
    (q: Vector, row: T.RowOf<Pairs>) => {
      const { change, bend, weight } = row as Pairs
      const alpha = T.mul(dot(change, q), wide(weight))
      return [ops.sub(q, times(bend, alpha)), alpha] as const
    },
    ops.neg(g),
    pairs,
    { reverse: true }
  )
  const [d] = T.scan(
    (r: Vector, row: T.RowOf<Pairs & { readonly alpha: Vector }>) => {
      const { change, bend, weight, alpha } = row as Pairs & { readonly alpha: Vector }
      const beta = T.mul(dot(bend, r), wide(weight))
      return [ops.add(r, times(change, T.sub(wide(alpha), beta))), {}] as const
    },
    times(q, scale),
    { ...pairs, alpha: alphas as Vector }
  )
  return d
}
