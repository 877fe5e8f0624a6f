/** A learning rate that follows a metric: not a function of the step, so a state machine of its own. */
import { T, type Tensor } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { fraction, nonNegative, oneOf, validate, wholeFromZero } from "../validation.ts"

/** What is remembered between metrics. */
export interface PlateauState {
  /** The rate to use now: put it into the optimizer's state. */
  readonly learningRate: Scalar
  /** The best metric so far. */
  readonly best: Scalar
  /** How many metrics in a row were no better. */
  readonly bad: Tensor<[], "i32">
  /** How many metrics will still be let pass. */
  readonly cooldown: Tensor<[], "i32">
}

/** Options of a plateau. The defaults are PyTorch's. */
export interface PlateauOptions {
  /** Whether a smaller metric is better, or a larger one: `"min"` unless given. */
  readonly mode?: "min" | "max"
  /** What the rate is multiplied by: 0.1 unless given. */
  readonly factor?: number
  /** How many metrics in a row may be no better before the rate falls: 10 unless given. */
  readonly patience?: number
  /** By how much a metric must be better to count: 1e-4 unless given. */
  readonly threshold?: number
  /** Whether the threshold is a part of the best metric, or a difference: `"relative"` unless given. */
  readonly thresholdMode?: "relative" | "absolute"
  /** How many metrics to let pass after the rate has fallen: 0 unless given. */
  readonly cooldown?: number
  /** The lowest rate: 0 unless given. */
  readonly minimum?: number
  /** A change of rate smaller than this is not made: 1e-8 unless given. */
  readonly epsilon?: number
}

/** A rate that falls when a metric stops getting better. */
export interface Plateau {
  readonly options: Required<PlateauOptions>
  /** The state before the first metric, from the rate to begin with. */
  readonly init: (learningRate: number) => PlateauState
  /** The state after one more metric. */
  readonly update: (state: PlateauState, metric: Scalar) => PlateauState
}

/**
 * Multiplies the rate by `factor` when the metric has not become better for more than `patience` metrics.
 *
 * PyTorch: `ReduceLROnPlateau(o, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps)`; Keras:
 * `ReduceLROnPlateau`.
 *
 * ```ts
 * const plateau = reduceOnPlateau({ patience: 4 })
 * const next = plateau.update(state, validationLoss)
 * const optimizerState = { ...s, learningRate: next.learningRate }
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const reduceOnPlateau = (options: PlateauOptions = {}): Plateau => {
  const complete: Required<PlateauOptions> = {
    mode: "min",
    factor: 0.1,
    patience: 10,
    threshold: 1e-4,
    thresholdMode: "relative",
    cooldown: 0,
    minimum: 0,
    epsilon: 1e-8,
    ...options
  }
  const o = validate("reduceOnPlateau", complete, {
    mode: oneOf("min", "max"),
    factor: fraction,
    patience: wholeFromZero,
    threshold: nonNegative,
    thresholdMode: oneOf("relative", "absolute"),
    cooldown: wholeFromZero,
    minimum: nonNegative,
    epsilon: nonNegative
  })
  const sign = o.mode === "min" ? -1 : 1
  const bar = (best: Scalar): Scalar =>
    o.thresholdMode === "relative" ? T.mul(best, 1 + sign * o.threshold) : T.add(best, sign * o.threshold)
  const better = (metric: Scalar, best: Scalar): Tensor<[], "bool"> =>
    o.mode === "min" ? T.less(metric, bar(best)) : T.greater(metric, bar(best))
  return Object.freeze({
    options: o,
    init: (learningRate: number): PlateauState => ({
      learningRate: f64(learningRate),
      best: f64(-sign * Infinity),
      bad: T.zeros([], "i32"),
      cooldown: T.zeros([], "i32")
    }),
    update: (state: PlateauState, metric: Scalar): PlateauState => {
      const improved = better(metric, state.best)
      const cooling = T.greater(state.cooldown, 0)
      const counted = T.where(improved, T.zeros([], "i32"), T.add(state.bad, 1))
      const bad = T.where(cooling, T.zeros([], "i32"), counted)
      const tired = T.greater(bad, o.patience)
      const lowered = T.maximum(T.mul(state.learningRate, o.factor), o.minimum)
      const falls = T.greater(T.sub(state.learningRate, lowered), o.epsilon)
      return {
        learningRate: T.where(T.and(tired, falls), lowered, state.learningRate),
        best: T.where(improved, metric, state.best),
        bad: T.where(tired, T.zeros([], "i32"), bad),
        cooldown: T.where(
          tired,
          T.full([], o.cooldown, "i32"),
          T.where(cooling, T.sub(state.cooldown, 1), state.cooldown)
        )
      }
    }
  })
}
