/** L-BFGS: Newton's method with an inverse Hessian of limited memory. */
import { operations as ops, T, type Tensor } from "@cotangent/graph"
import { assertCounters } from "../optimizer.ts"
import { f64, type Scalar } from "../scalar.ts"
import { count, fraction, nonNegative, oneOf, validate } from "../validation.ts"
import {
  along,
  dot,
  type Evaluated,
  finiteAt,
  flattening,
  isFinite,
  largest,
  onVectors,
  sumOfSizes,
  type Vector
} from "./flat.ts"
import { directionOf, type Memory, noMemory, remembered } from "./limitedMemory.ts"
import { codeOf, counter, firstOf } from "./reason.ts"
import type { Solved, Solver, SolverRule } from "./solver.ts"
import { type Found, strongWolfe } from "./strongWolfe.ts"

/** Options of L-BFGS. */
export interface LbfgsOptions {
  /** The step, or the first trial of a line search; 1 unless given. */
  readonly learningRate?: number
  /** The most iterations of one step; 20 unless given. */
  readonly maxIterations?: number
  /** After so many evaluations a step ends with the iteration it is in; `floor(5/4 maxIterations)` unless given. */
  readonly maxEvaluations?: number
  /** A gradient without larger elements has converged; 1e-7 unless given. */
  readonly toleranceGradient?: number
  /** A change of the parameters, of the value or along the slope that is no larger has converged; 1e-9 unless given. */
  readonly toleranceChange?: number
  /** How many pairs of changes the inverse Hessian is made of; 10 unless given (PyTorch: 100). */
  readonly historySize?: number
  /** `"none"` takes every step as it is (the default); `"strongWolfe"` searches. */
  readonly lineSearch?: "none" | "strongWolfe"
  /** c1 of the line search; 1e-4 unless given. */
  readonly sufficientDecrease?: number
  /** c2 of the line search; 0.9 unless given. */
  readonly curvature?: number
}

/** The state of L-BFGS. Tensors of the memory are flat: rows of parameters one after the other, the newest last. */
export interface LbfgsState<P> extends Solved<P> {
  /** `s_i = x_{i+1} - x_i`, `[historySize, n]`; rows of zeros before there are changes. */
  readonly changes: Tensor<[number, number], "f32"> | Tensor<[number, number], "f64">
  /** `y_i = g_{i+1} - g_i`. */
  readonly bends: Tensor<[number, number], "f32"> | Tensor<[number, number], "f64">
  /** `1 / (y_i . s_i)`, 0 where there is no pair. */
  readonly weights: Tensor<[number], "f64">
  /** `gamma`, the scale of the inverse Hessian before corrections. */
  readonly scale: Scalar
  /** The last move, `t d`, and the gradient it started from. */
  readonly move: Tensor<[number], "f32"> | Tensor<[number], "f64">
  readonly gradient: Tensor<[number], "f32"> | Tensor<[number], "f64">
}

/** From parameters to the state of L-BFGS. */
export interface LbfgsRule extends SolverRule {
  readonly State: LbfgsState<this["P"]>
  readonly Options: Required<LbfgsOptions>
}

/** A pair with less curvature than this is not kept, as in PyTorch. */
const leastCurvature = 1e-10

/** The loop's carry. */
interface Carry extends Evaluated {
  readonly x: Vector
  readonly memory: Memory
  readonly total: Tensor<[], "i32">
  readonly iterations: Tensor<[], "i32">
  readonly evaluations: Tensor<[], "i32">
  readonly reason: Tensor<[], "i32">
}

const requirements = {
  learningRate: nonNegative,
  maxIterations: count,
  maxEvaluations: count,
  toleranceGradient: nonNegative,
  toleranceChange: nonNegative,
  historySize: count,
  lineSearch: oneOf("none", "strongWolfe"),
  sufficientDecrease: fraction,
  curvature: fraction
}

/**
 * L-BFGS, one step of which is up to `maxIterations` iterations
 *
 * `x_{k+1} = x_k - t_k H_k g_k`, `H_{k+1} = (I - rho s y^T) H_k (I - rho y s^T) + rho s s^T`, `rho = 1 / (y . s)`,
 *
 * over the last `historySize` pairs `s = x_{k+1} - x_k`, `y = g_{k+1} - g_k`, from `H = (s . y / y . y) I`. Pairs with
 * `y . s <= 1e-10` are left out. The first step is `min(1, 1 / |g|_1) learningRate`. Without a line search the last
 * iteration of a step does not evaluate where it arrives: `value` and `gradientNorm` are those of the evaluation before.
 * A value or a gradient that is not finite ends the step; the strong Wolfe search comes nearer to avoid it.
 *
 * Source: Nocedal 1980; Liu and Nocedal 1989; Nocedal and Wright, algorithms 7.4 and 7.5. The conventions, tolerances and
 * order of evaluations are PyTorch's `torch.optim.LBFGS`. Throws an OptimizerError with every mistake in the options.
 */
export const lbfgs = (options: LbfgsOptions = {}): Solver<LbfgsRule> => {
  const maxIterations = count.holds(options?.maxIterations) ? Number(options.maxIterations) : 20
  const complete = {
    learningRate: 1,
    maxIterations,
    maxEvaluations: Math.floor((5 * maxIterations) / 4),
    toleranceGradient: 1e-7,
    toleranceChange: 1e-9,
    historySize: 10,
    lineSearch: "none" as const,
    sufficientDecrease: 1e-4,
    curvature: 0.9,
    ...options
  }
  const o = validate("lbfgs", complete, requirements, [
    {
      holds: ({ sufficientDecrease, curvature }) => !(sufficientDecrease >= curvature),
      otherwise: "sufficientDecrease must be below curvature, or no step may satisfy both"
    }
  ])

  const init = <P>(params: P): LbfgsState<P> => {
    const { size, dtype } = flattening("lbfgs.init", params)
    const memory = noMemory(o.historySize, size, dtype)
    const state: Solved<P> = {
      params,
      step: counter(0),
      learningRate: f64(o.learningRate),
      value: f64(Number.POSITIVE_INFINITY),
      gradientNorm: f64(Number.POSITIVE_INFINITY),
      iterations: counter(0),
      evaluations: counter(0),
      reason: counter(codeOf("not stopped"))
    }
    // The element type of the memory is that of the parameters, which only their leaves know.
    return { ...state, ...memory } as LbfgsState<P>
  }

  const step = <P>(state: LbfgsState<P>, objective: (params: P) => Tensor<[]> | Tensor<[], "f64">): LbfgsState<P> => {
    assertCounters("lbfgs.step: the state", { ...state }, ["value", "gradientNorm", "scale"])
    const flat = flattening("lbfgs.step", state.params)
    const evaluate = onVectors("lbfgs.step", objective, flat)
    const x0 = flat.vector(state.params)
    const started = evaluate(x0)
    const { changes, bends, weights, scale, move, gradient } = state

    /** What a step of t along d arrives at; without a line search, known only where the loop goes on. */
    const moved = (c: Carry, d: Vector, t: Scalar, descends: Tensor<[], "bool">): Found => {
      if (o.lineSearch === "strongWolfe")
        return strongWolfe(evaluate, c.x, d, t, c, descends, { ...o, maxTrials: 25, narrowest: 1e-9, rounding: 0 })
      const evaluates = T.and(descends, T.less(T.add(c.iterations, 1), o.maxIterations))
      const taken = T.where(descends, t, f64(0))
      const arrived = T.cond(
        evaluates,
        () => evaluate(along(c.x, taken, d)),
        (): Evaluated => ({ f: c.f, g: c.g })
      )
      return {
        ...arrived,
        x: along(c.x, taken, d),
        t: taken,
        evaluations: T.cast(evaluates, "i32"),
        finite: isFinite(arrived.f)
      }
    }

    const iterate = (c: Carry): Carry => {
      const memory = remembered(c.memory, c.g, (curvature) => T.greater(curvature, leastCurvature))
      const d = directionOf(memory, c.g)
      const total = T.add(c.total, 1)
      const first = T.minimum(T.div(f64(1), sumOfSizes(c.g)), 1)
      const trial = T.mul(T.where(T.equal(total, 1), first, f64(1)), state.learningRate)
      const descends = T.not(T.greater(dot(c.g, d), -o.toleranceChange))
      const found = moved(c, d, trial, descends)
      const move = ops.mul(d, ops.cast(found.t, d.dtype))
      const iterations = T.add(c.iterations, 1)
      const evaluations = T.add(c.evaluations, found.evaluations)
      const known = T.greater(found.evaluations, 0)
      const evaluated = (holds: Tensor<[], "bool">) => T.and(known, holds)
      return {
        x: ops.add(c.x, move),
        f: found.f,
        g: found.g,
        memory: { ...memory, move, gradient: c.g },
        total,
        iterations,
        evaluations,
        reason: firstOf(
          [T.not(descends), "no descent"],
          [T.not(finiteAt(found)), "not finite"],
          [evaluated(T.lessEqual(largest(found.g), o.toleranceGradient)), "gradient"],
          [T.and(T.not(found.finite), T.equal(largest(move), 0)), "not finite"],
          // A search that ends where it began found nothing lower: that is no convergence.
          [evaluated(T.equal(largest(move), 0)), "no descent"],
          [evaluated(T.lessEqual(largest(move), o.toleranceChange)), "point"],
          [evaluated(T.less(T.abs(T.sub(found.f, c.f)), o.toleranceChange)), "value"],
          [T.greaterEqual(iterations, o.maxIterations), "iterations"],
          [T.greaterEqual(evaluations, o.maxEvaluations), "evaluations"]
        )
      }
    }

    const end = T.whileLoop((c: Carry) => T.equal(c.reason, 0), iterate, {
      ...started,
      x: x0,
      memory: { changes, bends, weights, scale, move, gradient },
      total: state.iterations,
      iterations: counter(0),
      evaluations: counter(1),
      reason: firstOf(
        [T.not(finiteAt(started)), "not finite"],
        [T.lessEqual(largest(started.g), o.toleranceGradient), "gradient"]
      )
    } satisfies Carry as Carry)
    const next: Solved<P> = {
      params: flat.tree(end.x),
      step: T.add(state.step, 1),
      learningRate: state.learningRate,
      value: end.f,
      gradientNorm: largest(end.g),
      iterations: end.total,
      evaluations: T.add(state.evaluations, end.evaluations),
      reason: end.reason
    }
    // The loop carries tensors of the types that the state came with.
    return { ...next, ...end.memory } as LbfgsState<P>
  }

  const evalParams = <P>(state: LbfgsState<P>): P => state.params
  // A type lambda cannot be computed from the state's interface: LbfgsRule states what these functions are.
  return Object.freeze({ name: "lbfgs", options: o, init, step, evalParams }) as unknown as Solver<LbfgsRule>
}
