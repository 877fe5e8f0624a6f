/** The loop of `minimize`: a direction, a search along it, and the reasons to stop. */
import { operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"
import { type Box, freeAt, project, stationarity } from "./box.ts"
import { firstStep, type Last, type Method } from "./directions.ts"
import { dot, type Evaluated, finiteAt, type Flattening, isFinite, largest, sumOfSizes, type Vector } from "./flat.ts"
import { projectedSearch } from "./projectedSearch.ts"
import { counter, firstOf } from "./reason.ts"
import { strongWolfe } from "./strongWolfe.ts"

/** When to stop, and how to search. */
export interface DescentOptions {
  readonly maxIterations: number
  readonly maxEvaluations: number
  readonly toleranceGradient: number
  readonly toleranceChange: number
  readonly sufficientDecrease: number
  readonly curvature: number
}

/** Where a descent is, or ended. */
export interface Descent extends Evaluated {
  readonly x: Vector
  /** The leaves of what the method remembers. */
  readonly memory: ReadonlyArray<Vector>
  /** Whether the next direction is down the gradient, because the last one led nowhere. */
  readonly restart: Tensor<[], "bool">
  readonly norm: Scalar
  readonly iterations: Tensor<[], "i32">
  readonly evaluations: Tensor<[], "i32">
  readonly reason: Tensor<[], "i32">
}

/** The most trials of one search; each after the bracket cuts it. */
const maxTrials = 40

/** Descends from x0, projected into the box if there is one. */
export const descend = <M extends Last>(
  evaluate: (x: Vector) => Evaluated,
  { size, dtype }: Pick<Flattening<unknown>, "size" | "dtype">,
  x0: Vector,
  method: Method<M>,
  box: Box | undefined,
  o: DescentOptions
): Descent => {
  const wolfe = { ...o, maxTrials, narrowest: 0, rounding: dtype === "f64" ? 2 ** -47 : 2 ** -18 }
  const from = box === undefined ? x0 : project(box, x0)
  const started = evaluate(from)
  const initial = method.initial(size, dtype)
  const forgotten = Tree.leaves(initial)
  const unless = (restart: Tensor<[], "bool">, memory: ReadonlyArray<Vector>): ReadonlyArray<Vector> =>
    memory.map((leaf, i) => ops.select(restart, forgotten[i] ?? leaf, leaf))

  const iterate = (c: Descent): Descent => {
    const free = box === undefined ? undefined : freeAt(box, c.x, c.g)
    const g = free === undefined ? c.g : ops.mul(c.g, free)
    const known = Tree.rebuild(initial, c.memory)
    const directed = method.direct(known, { x: c.x, f: c.f, g, whole: c.g, free })
    const slope = dot(g, directed.d)
    const leads = T.and(T.less(slope, 0), isFinite(sumOfSizes(directed.d)))
    const falls = T.and(leads, T.not(c.restart))
    const steep = ops.select(falls, directed.d, ops.neg(g))
    // What a bound holds goes to it.
    const d = free === undefined ? steep : ops.select(ops.lt(ops.full([size], 0, dtype), free), steep, ops.neg(c.g))
    const trial = T.where(falls, directed.trial, firstStep(c.g))
    const found =
      box === undefined && method.flattens
        ? strongWolfe(evaluate, c.x, d, trial, c, T.constant(true, "bool"), wolfe)
        : projectedSearch(evaluate, box, c.x, d, trial, c, directed.ceiling ?? c.f, wolfe)
    const move = ops.sub(found.x, c.x)
    const stays = T.equal(largest(move), 0)
    const norm = stationarity(box, found.x, found.g)
    const iterations = T.add(c.iterations, 1)
    const evaluations = T.add(T.add(c.evaluations, found.evaluations), directed.evaluations)
    const restart = T.and(stays, falls)
    const change = T.abs(T.sub(found.f, c.f))
    return {
      x: found.x,
      f: found.f,
      g: found.g,
      memory: unless(restart, Tree.leaves({ ...directed.memory, move, gradient: c.g })),
      restart,
      norm,
      iterations,
      evaluations,
      reason: firstOf(
        [T.lessEqual(norm, o.toleranceGradient), "gradient"],
        [T.and(T.and(stays, T.not(restart)), T.not(found.finite)), "not finite"],
        [T.and(stays, T.not(restart)), "no descent"],
        [T.and(T.not(stays), T.less(largest(move), o.toleranceChange)), "point"],
        [T.and(T.not(stays), T.less(change, o.toleranceChange)), "value"],
        [T.greaterEqual(iterations, o.maxIterations), "iterations"],
        [T.greaterEqual(evaluations, o.maxEvaluations), "evaluations"]
      )
    }
  }

  const norm = stationarity(box, from, started.g)
  return T.whileLoop((c: Descent) => T.equal(c.reason, 0), iterate, {
    ...started,
    x: from,
    memory: forgotten,
    restart: T.constant(false, "bool"),
    norm,
    iterations: counter(0),
    evaluations: counter(1),
    reason: firstOf(
      [T.not(T.and(finiteAt(started), isFinite(sumOfSizes(from)))), "not finite"],
      [T.lessEqual(norm, o.toleranceGradient), "gradient"]
    )
  } satisfies Descent as Descent)
}
