/** Averages of the parameters along a run, to evaluate a model with. */
import { isFloat, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { OptimizerError } from "./errors.ts"
import { assertLike } from "./leafwise.ts"
import type { Optimizer, Rule, StateOf, Stepped } from "./optimizer.ts"
import { f64, type Scalar } from "./scalar.ts"
import { count, decayFactor, type Requirement, validate } from "./validation.ts"
import { assertOptimizers } from "./given.ts"
import { assertIsState } from "./foreignState.ts"

/** An average of parameters. */
export interface WeightAverage<P> {
  /** The average: what `evalParams` gives. Before the first parameters count, the parameters themselves. */
  readonly weightAverage: P
  /** How many parameters it holds. */
  readonly averagedSteps: Tensor<[], "i32">
}

/** Options of averaging. */
export interface AverageOptions {
  /** The weight that the average keeps at each step; without it all parameters count the same. */
  readonly decay?: number
  /** The first step whose parameters count, from 1: 1 unless given. */
  readonly start?: number
  /** Parameters of every so many steps from there on count: 1 unless given. */
  readonly every?: number
}

/** The rule of an averaged optimizer: its own state, and the average beside it. */
export interface AveragedRule<F extends Rule> extends Rule {
  readonly State: StateOf<F, this["P"]> & WeightAverage<this["P"]>
  readonly Options: AverageOptions & { readonly optimizer: F["Options"] }
}

const decayOrAbsent: Requirement = {
  mustBe: `${decayFactor.mustBe}, or left out`,
  holds: (value) => value === undefined || decayFactor.holds(value)
}

/**
 * An optimizer that also averages the parameters it visits: `a' = a + w (theta' - a)`, with w = 1 for the first parameters
 * that count, then `1 / n` for the n-th (a uniform average) or `1 - decay` (an exponential one). The optimizer itself does
 * not see the average; `evalParams` gives it.
 *
 * - Polyak averaging: `averaged(sgd(...), { start: 1000 })`. Polyak and Juditsky 1992.
 * - Stochastic weight averaging: `averaged(sgd(...), { start: 7500, every: 100 })`. Izmailov et al. 2018, Averaging Weights
 *   Leads to Wider Optima, algorithm 1. PyTorch: `AveragedModel`.
 * - Exponential moving average: `averaged(adam(), { decay: 0.999 })`. Keras: `use_ema`; Optax: `ema` of parameters.
 *
 * ```ts
 * const optimizer = averaged(adam({ learningRate: 1e-2 }), { decay: 0.99 })
 * const state = optimizer.init({ w: T.zeros([3]) })        // AdamState<...> & WeightAverage<...>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const averaged = <F extends Rule>(
  optimizer: Optimizer<F>,
  options: AverageOptions = {}
): Optimizer<AveragedRule<F>> => {
  assertOptimizers("averaged", { optimizer })
  const given = validate(
    "averaged",
    { start: 1, every: 1, ...options },
    { decay: decayOrAbsent, start: count, every: count }
  )
  const { decay, start, every } = given

  const weightOf = (held: Tensor<[], "i32">): Scalar => {
    const uniform: Scalar = T.div(f64(1), T.cast(held, "f64"))
    return decay === undefined ? uniform : T.where(T.equal(held, 1), f64(1), 1 - decay)
  }
  const init = (params: unknown): unknown => ({
    ...optimizer.init(params),
    weightAverage: params,
    averagedSteps: T.zeros([], "i32")
  })
  const step = (state: StateOf<F, unknown> & WeightAverage<unknown>, grad: unknown): unknown => {
    assertIsState("averaged.step: the state", state)
    const { weightAverage, averagedSteps, ...rest } = state
    if (weightAverage === undefined || averagedSteps === undefined)
      throw new OptimizerError("averaged", ["the state has no average; it must be made by the same optimizer's init"])
    assertLike("averaged.step: the state", state.params, { weightAverage })
    // The state of F, from which only the average was taken.
    const next: Stepped<unknown> = optimizer.step<unknown>(rest as unknown as StateOf<F, unknown>, grad)
    const isPast: Tensor<[], "bool"> = T.greaterEqual(next.step, start)
    const sinceStart = T.maximum(T.sub(next.step, start), 0)
    const counts = T.and(isPast, T.equal(T.mod(sinceStart, every), 0))
    const held: Tensor<[], "i32"> = T.where(counts, T.add(averagedSteps, 1), averagedSteps)
    const nothingYet: Tensor<[], "bool"> = T.equal(held, 0)
    const weight: Scalar = T.where(nothingYet, f64(1), T.where(counts, weightOf(T.maximum(held, 1)), f64(0)))
    const average = Tree.zip([weightAverage, next.params], ([a, p]) => {
      if (a === undefined || p === undefined) throw new RangeError("averaged: two trees were zipped")
      return isFloat(a.dtype) ? ops.add(a, ops.mul(ops.sub(p, a), ops.cast(weight, a.dtype))) : p
    })
    return { ...next, weightAverage: average, averagedSteps: held }
  }
  // The state of F over P beside the average over P, which is what AveragedRule says.
  return Object.freeze({
    name: `averaged(${optimizer.name})`,
    options: Object.freeze({ ...given, optimizer: optimizer.options }),
    init,
    step,
    evalParams: ({ weightAverage }: WeightAverage<unknown>) => weightAverage,
    ...(optimizer.stages === undefined ? {} : { stages: optimizer.stages })
  }) as unknown as Optimizer<AveragedRule<F>>
}
