/**
 * A line search along the projection of a line into a box, or along the line itself: the first t of a shrinking sequence with
 *
 * `f(P(x + t d)) <= c + c1 g . (P(x + t d) - x)`, where the ceiling c is `f(x)`, or above it.
 *
 * Each t is the minimum of the parabola through the value and slope at x and the last value, between a tenth and a half of
 * the last t. Source: Bertsekas, Projected Newton methods for optimization problems with simple constraints, SIAM J. Control
 * Optim. 20 (1982).
 */
import { operations as ops, T, type Tensor } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { type Box, project } from "./box.ts"
import { along, dot, type Evaluated, finiteAt, largest, type Vector } from "./flat.ts"
import { counter } from "./reason.ts"
import type { Found, WolfeOptions } from "./strongWolfe.ts"

interface Search extends Found {
  readonly found: Tensor<[], "bool">
  /** The t of the next trial; `t` is that of the trial before. */
  readonly next: Scalar
}

/** How much shorter the next trial is when there was no value. */
const retreat = 0.2

/** Searches from x along d with t as the first trial; without a point that is low enough it ends at x, with t = 0. */
export const projectedSearch = (
  evaluate: (x: Vector) => Evaluated,
  box: Box | undefined,
  x: Vector,
  d: Vector,
  t: Scalar,
  start: Evaluated,
  ceiling: Scalar,
  { sufficientDecrease, curvature, maxTrials, rounding }: WolfeOptions
): Found => {
  const slack = T.mul(T.abs(start.f), rounding)
  const next = (s: Search): Search => {
    const there = along(x, s.next, d)
    const to = box === undefined ? there : project(box, there)
    const { f, g } = evaluate(to)
    const move = ops.sub(to, x)
    const stays = T.equal(largest(move), 0)
    const gain = dot(start.g, move)
    const finite = finiteAt({ f, g })
    // What rounding hides is believed where the slope has become flatter, else nothing would ever end a wrong descent.
    const flatter = T.lessEqual(T.abs(dot(g, move)), T.mul(T.abs(gain), curvature))
    const allowed = T.add(ceiling, T.where(flatter, slack, f64(0)))
    const low = T.lessEqual(f, T.add(allowed, T.mul(gain, sufficientDecrease)))
    const rise = T.mul(T.sub(T.sub(f, start.f), gain), 2)
    const vertex = T.div(T.mul(T.neg(gain), s.next), T.where(T.greater(rise, 0), rise, f64(1)))
    const shortest = T.mul(s.next, 0.1)
    const shorter = T.maximum(T.minimum(vertex, T.mul(s.next, 0.5)), shortest)
    return {
      x: to,
      f,
      g,
      t: s.next,
      finite: T.or(T.and(stays, s.finite), T.and(T.not(stays), finite)),
      found: T.and(finite, T.and(T.less(gain, 0), low)),
      evaluations: T.add(s.evaluations, 1),
      next: T.where(T.and(finite, T.greater(rise, 0)), shorter, T.mul(s.next, retreat))
    }
  }
  const {
    found,
    next: _,
    ...end
  } = T.whileLoop((s: Search) => T.and(T.not(s.found), T.less(s.evaluations, maxTrials)), next, {
    f: start.f,
    g: start.g,
    x,
    t: f64(0),
    finite: T.constant(true, "bool"),
    found: T.constant(false, "bool"),
    evaluations: counter(0),
    next: t
  } satisfies Search as Search)
  return {
    x: ops.select(found, end.x, x),
    f: T.where(found, end.f, start.f),
    g: ops.select(found, end.g, start.g),
    t: T.where(found, end.t, f64(0)),
    finite: end.finite,
    evaluations: end.evaluations
  }
}
