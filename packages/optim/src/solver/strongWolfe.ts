/**
 * A line search for the strong Wolfe conditions: along a descent direction d from x, a step t with
 *
 * `f(x + t d) <= f(x) + c1 t f'(x; d)` and `|f'(x + t d; d)| <= c2 |f'(x; d)|`.
 *
 * First a bracket is found by extrapolation, then narrowed; trial steps are minima of cubics through values and slopes.
 *
 * Source: Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6 and equation 3.59, with the safeguards of
 * PyTorch's `_strong_wolfe` (trials at least a tenth of the bracket away from its ends after insufficient progress).
 */
import { operations as ops, T, type Tensor } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { along, dot, type Evaluated, isFinite, largest, type Vector } from "./flat.ts"

type Bool = Tensor<[], "bool">
type Count = Tensor<[], "i32">

/** What a line search may be told. */
export interface WolfeOptions {
  /** c1, the part of the slope that a step must gain. */
  readonly sufficientDecrease: number
  /** c2, the part of the slope that may be left. */
  readonly curvature: number
  /** The most trials after the first. */
  readonly maxTrials: number
  /** A bracket that moves no element of x by as much as this is narrow enough. */
  readonly narrowest: number
  /** By what part of `|f(x)|` a value may be above what is asked for, as rounding of values does close to a minimum. */
  readonly rounding: number
}

/** A point on the line: the step, the value, the gradient and the slope along the direction. */
interface Point extends Evaluated {
  readonly t: Scalar
  readonly slope: Scalar
}

/** The state of the loop. `stage`: 0 brackets, 1 narrows, 2 is done. */
interface Search {
  readonly stage: Count
  readonly trials: Count
  readonly evaluations: Count
  readonly t: Scalar
  /** The end of the bracket where the search comes from: while bracketing, the trial before. */
  readonly a: Point
  readonly b: Point
  readonly lowIsA: Bool
  /** Whether the trial before came too close to an end. */
  readonly stalled: Bool
  readonly finite: Bool
}

const not = (p: Bool): Bool => T.not(p)
const and = (p: Bool, q: Bool): Bool => T.and(p, q)
const or = (p: Bool, q: Bool): Bool => T.or(p, q)
const count = (n: number): Count => T.constant(n, "i32")
const choose = (p: Bool, x: Scalar, y: Scalar): Scalar => T.where(p, x, y)
const chooseCount = (p: Bool, x: Count, y: Count): Count => T.where(p, x, y)
const chooseBool = (p: Bool, x: Bool, y: Bool): Bool => or(and(p, x), and(not(p), y))

const choosePoint = (p: Bool, x: Point, y: Point): Point => ({
  t: choose(p, x.t, y.t),
  f: choose(p, x.f, y.f),
  g: ops.select(p, x.g, y.g),
  slope: choose(p, x.slope, y.slope)
})

/** The minimum of the cubic through values and slopes at two points, between bounds; their middle if there is none. */
const cubicMinimum = (p: Point, q: Point, low: Scalar, high: Scalar): Scalar => {
  const secant = T.div(T.sub(p.f, q.f), T.sub(p.t, q.t))
  const d1 = T.sub(T.add(p.slope, q.slope), T.mul(secant, 3))
  const square = T.sub(T.mul(d1, d1), T.mul(p.slope, q.slope))
  const d2 = T.sqrt(T.maximum(square, 0))
  const from = (x: Point, y: Point): Scalar => {
    const part = T.div(T.sub(T.add(y.slope, d2), d1), T.add(T.sub(y.slope, x.slope), T.mul(d2, 2)))
    return T.sub(y.t, T.mul(T.sub(y.t, x.t), part))
  }
  const minimum = choose(T.lessEqual(p.t, q.t), from(p, q), from(q, p))
  const bounded = T.minimum(T.maximum(minimum, low), high)
  return choose(T.greaterEqual(square, 0), bounded, T.div(T.add(low, high), 2))
}

/** How far from the finite end of a bracket the next trial lies, of its width, when the other end is not finite. */
const retreat = 0.2

/** The next trial inside a bracket, and whether it came close to an end. */
const trialInside = (a: Point, b: Point, stalled: Bool): { readonly t: Scalar; readonly stalled: Bool } => {
  const [best, other] = [choosePoint(T.lessEqual(a.f, b.f), a, b), choosePoint(T.lessEqual(a.f, b.f), b, a)]
  const known = isFinite(other.f)
  const { t, stalled: again } = trialBetween(a, b, stalled)
  const nearer = T.add(best.t, T.mul(T.sub(other.t, best.t), retreat))
  return { t: choose(known, t, nearer), stalled: and(known, again) }
}

const trialBetween = (a: Point, b: Point, stalled: Bool): { readonly t: Scalar; readonly stalled: Bool } => {
  const [low, high] = [T.minimum(a.t, b.t), T.maximum(a.t, b.t)]
  const t = cubicMinimum(a, b, low, high)
  const margin = T.mul(T.sub(high, low), 0.1)
  const close = T.less(T.minimum(T.sub(high, t), T.sub(t, low)), margin)
  const again = and(close, or(stalled, or(T.greaterEqual(t, high), T.lessEqual(t, low))))
  const nearer = T.less(T.abs(T.sub(t, high)), T.abs(T.sub(t, low)))
  const inside = choose(nearer, T.sub(high, margin), T.add(low, margin))
  return { t: choose(again, inside, t), stalled: and(close, not(again)) }
}

/** What a line search found. */
export interface Found extends Evaluated {
  readonly x: Vector
  readonly t: Scalar
  /** Whether the last trial that was another point than x had a value and a slope. */
  readonly finite: Bool
  readonly evaluations: Count
}

/**
 * Searches from x along d with t as the first trial; `start` is what is known at x. Without `descends` nothing is
 * evaluated and the step is 0. A trial whose value or slope is not finite counts as too far: the search comes nearer.
 */
export const strongWolfe = (
  evaluate: (x: Vector) => Evaluated,
  x: Vector,
  d: Vector,
  t: Scalar,
  start: Evaluated,
  descends: Bool,
  { sufficientDecrease, curvature, maxTrials, narrowest, rounding }: WolfeOptions
): Found => {
  const origin: Point = { f: start.f, g: start.g, t: f64(0), slope: dot(start.g, d) }
  const reach = T.reshape(ops.cast(ops.reduceMax(ops.abs(d), [0]), "f64") as Scalar, [])
  const allowed = rounding === 0 ? origin.f : T.add(origin.f, T.mul(T.abs(origin.f), rounding))
  const flatEnough = T.mul(T.neg(origin.slope), curvature)

  const next = (s: Search): Search => {
    const { a, b, lowIsA } = s
    const to = along(x, s.t, d)
    const { f, g } = evaluate(to)
    const slope = dot(g, d)
    const finite = and(isFinite(f), isFinite(slope))
    const now: Point = { f: choose(finite, f, f64(Number.POSITIVE_INFINITY)), g, t: s.t, slope }
    const bracketing = T.equal(s.stage, 0)
    const rises = T.greater(now.f, T.add(allowed, T.mul(T.mul(origin.slope, sufficientDecrease), s.t)))
    const isFlat = T.lessEqual(T.abs(now.slope), flatEnough)

    // Bracketing: a is the trial before.
    const spent = T.greaterEqual(s.trials, maxTrials)
    const over = or(rises, and(T.greater(s.trials, 1), T.greaterEqual(now.f, a.f)))
    const found = and(not(over), isFlat)
    const bracketed = and(not(spent), or(over, and(not(isFlat), T.greaterEqual(now.slope, 0))))
    const ends = or(spent, found)
    const further = cubicMinimum(a, now, T.add(now.t, T.mul(T.sub(now.t, a.t), 0.01)), T.mul(now.t, 10))
    const goesOn = and(not(ends), not(bracketed))
    const bracketA = choosePoint(spent, origin, choosePoint(or(found, goesOn), now, a))

    // Narrowing: the trial replaces the high end, or the low end, which may become the high one.
    const [low, high] = [choosePoint(lowIsA, a, b), choosePoint(lowIsA, b, a)]
    const worse = or(rises, T.greaterEqual(now.f, low.f))
    const turns = T.greaterEqual(T.mul(now.slope, T.sub(high.t, low.t)), 0)
    const narrowed = and(not(worse), isFlat)
    const newHigh = choosePoint(worse, now, choosePoint(and(not(isFlat), turns), low, high))
    const newLow = choosePoint(worse, low, now)

    const nextA = choosePoint(bracketing, bracketA, choosePoint(lowIsA, newLow, newHigh))
    const nextB = choosePoint(bracketing, now, choosePoint(lowIsA, newHigh, newLow))
    const ordered = T.lessEqual(nextA.f, nextB.f)
    const trials = T.add(s.trials, 1)
    const done = chooseBool(bracketing, ends, narrowed)
    const inBracket = chooseBool(bracketing, bracketed, not(narrowed))
    // Trials are counted after a bracketing step that goes on, and before a narrowing one.
    const counted = chooseCount(and(bracketing, bracketed), s.trials, trials)
    const narrow = T.less(T.mul(T.abs(T.sub(nextB.t, nextA.t)), reach), narrowest)
    const stops = or(done, and(inBracket, or(narrow, T.greaterEqual(counted, maxTrials))))
    const inside = trialInside(nextA, nextB, s.stalled)
    return {
      stage: chooseCount(stops, count(2), chooseCount(inBracket, count(1), count(0))),
      trials: counted,
      evaluations: T.add(s.evaluations, 1),
      t: choose(inBracket, inside.t, further),
      a: nextA,
      b: nextB,
      lowIsA: chooseBool(or(bracketing, worse), ordered, lowIsA),
      stalled: and(inBracket, inside.stalled),
      finite: chooseBool(T.equal(largest(ops.sub(to, x)), 0), s.finite, finite)
    }
  }
  const end = T.whileLoop((s: Search) => T.less(s.stage, 2), next, {
    stage: chooseCount(descends, count(0), count(2)),
    trials: count(0),
    evaluations: count(0),
    t,
    a: origin,
    b: origin,
    lowIsA: T.constant(true, "bool"),
    stalled: T.constant(false, "bool"),
    finite: T.constant(true, "bool")
  })
  const { f, g, t: step } = choosePoint(end.lowIsA, end.a, end.b)
  return { x: along(x, step, d), f, g, t: step, evaluations: end.evaluations, finite: end.finite }
}
