/** Cross-entropies over classes: the negative logarithm of the probability a model gives to what is true. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type ClassWeights, classWeightsFor } from "./class-weights.ts"
import { countsOf, type LabelOptions, labelledLosses, labelRule } from "./labelled.ts"
import { each, type RowLoss, rowLoss, type RowRule } from "./loss.ts"
import { type Floats, weighted } from "./reduction.ts"

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /**
   * Whether the output holds logits (any real numbers; the safe choice) or probabilities. It must be said: the wrong one
   * trains silently worse.
   */
  readonly fromLogits: boolean
  /** Probabilities are kept in [epsilon, 1 - epsilon]; 1e-7 unless given, as in Keras. Not used with logits. */
  readonly epsilon?: number
  /** `s`: targets become `(1 - s) t + s / classes`; 0 unless given. Szegedy and others 2016. */
  readonly labelSmoothing?: number
}

/** Options of sparseCategoricalCrossentropy. */
export interface SparseCategoricalOptions extends CrossentropyOptions, LabelOptions {}

/** Options of categoricalCrossentropy. */
export interface CategoricalOptions extends CrossentropyOptions {
  /** The weights of the terms of a row by their class; means do not divide by them, as in PyTorch. */
  readonly classWeights?: ClassWeights
}

/** Epsilon, 1e-7 unless given. Throws OptionError outside [0, 0.5). */
export const checkEpsilon = (name: string, epsilon = 1e-7): number => {
  if (!(epsilon >= 0 && epsilon < 0.5)) throw optionError(`${name}: epsilon`, "0 or more and below 0.5", epsilon)
  return epsilon
}

/** The smoothing, 0 unless given. Throws OptionError outside [0, 1). */
export const checkSmoothing = (name: string, labelSmoothing = 0): number => {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw optionError(`${name}: labelSmoothing`, "0 or more and below 1", labelSmoothing)
  return labelSmoothing
}

/** Targets mixed with the uniform distribution over `classes`. */
export const smoothed = (target: Floats, s: number, classes: number): Floats =>
  s === 0 ? target : T.add(T.mul(target, 1 - s), s / classes)

/** Probabilities kept in [epsilon, 1 - epsilon]. */
export const clip = (p: Floats, epsilon: number): Floats => T.minimum(T.maximum(p, epsilon), 1 - epsilon)

/** Logarithms of the probabilities of the classes on the last axis. */
export const logProbabilities = (output: Floats, fromLogits: boolean, epsilon: number): Floats =>
  fromLogits ? T.logSoftmax(output) : T.log(clip(T.div(output, T.sum(output, { axis: -1, keepDims: true })), epsilon))

/**
 * `L = -ln p_label`, where `p = softmax(output)` from logits, else `p = clip(output / sum output, epsilon, 1 - epsilon)`:
 * the convention of Keras. Labels are i32 class numbers `[batch, ...]` for an output `[batch, ..., classes]`.
 *
 * ```ts
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.1, ignoreIndex: -100 })
 * const mean = loss(T.zeros([2, 3]), T.constant([1, -100], "i32"))   // ln 3
 * ```
 *
 * PyTorch's `cross_entropy` of class numbers: `labelSmoothing` and `classWeights` together give
 * `(1 - s) w_y (-ln p_y) + s / classes sum_c w_c (-ln p_c)`, and a mean divides by the sum of w_y over the rows that are
 * not ignored; of none it is NaN, with derivative 0. `perSample` gives weighted losses, ignored ones as 0.
 *
 * From logits it is computed as `max + ln sum e^(x - max) - x_label`, exact for logits of any size. A label that is no
 * class selects nothing and has loss 0: `validateTargets` finds such labels. Throws OptionError for an option out of
 * range, ShapeError unless there are as many weights as classes.
 */
export const sparseCategoricalCrossentropy = (options: SparseCategoricalOptions): RowLoss<"labels"> => {
  const name = "sparseCategoricalCrossentropy"
  const epsilon = checkEpsilon(name, options.epsilon)
  const labelSmoothing = checkSmoothing(name, options.labelSmoothing)
  return rowLoss({
    name,
    targets: "labels",
    elements: (output, labels) =>
      labelledLosses(name, logProbabilities(output, options.fromLogits, epsilon), labels, options, labelSmoothing),
    ...countsOf(options),
    rule: labelRule(options)
  })
}

/** Targets are probabilities. */
export const probabilities = each(
  (x) => x >= 0 && x <= 1,
  () => "a probability, from 0 to 1"
)

/** Targets of a row are probabilities that add up to 1. */
export const distribution: RowRule = (data, start, end, classes) => {
  const wrong = probabilities(data, start, end, classes)
  if (wrong !== undefined) return wrong
  let sum = 0
  for (let i = start; i < end; i++) sum += data[i] ?? 0
  return Math.abs(sum - 1) <= 1e-3 ? undefined : `the probabilities add up to ${sum}, not to 1`
}

/**
 * `L = -sum_c w_c t'_c ln p_c` with `t' = (1 - s) t + s / classes`, and p as for sparseCategoricalCrossentropy; the
 * weights w are 1 unless given. Targets are probabilities (one-hot, or soft) of the shape of the output. A target of 0
 * contributes 0 even where p is 0.
 *
 * PyTorch's `cross_entropy` of probabilities, and Keras's. Throws OptionError for an option out of range, ShapeError
 * unless there are as many weights as classes.
 */
export const categoricalCrossentropy = (options: CategoricalOptions): RowLoss<"values"> => {
  const name = "categoricalCrossentropy"
  const epsilon = checkEpsilon(name, options.epsilon)
  const labelSmoothing = checkSmoothing(name, options.labelSmoothing)
  const { classWeights, fromLogits } = options
  return rowLoss({
    name,
    targets: "values",
    elements: (output, target) => {
      const t = smoothed(target, labelSmoothing, output.shape.at(-1) ?? 1)
      const weights = classWeights === undefined ? t : T.mul(t, classWeightsFor(name, classWeights, output))
      return T.neg(T.sum(weighted(weights, logProbabilities(output, fromLogits, epsilon)) as Floats, { axis: -1 }))
    },
    rule: distribution
  })
}
