/** Cross-entropies: the negative logarithm of the probability a model gives to what is true. */
import { type Float, type Shape, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { each, type Loss, make, type RowRule } from "./loss.ts"

type Floats = Tensor<Shape, Float>

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /**
   * Whether the output holds logits (any real numbers; the safe choice) or probabilities. It must be said: the wrong one
   * trains silently worse.
   */
  readonly fromLogits: boolean
  /** Probabilities are kept in [epsilon, 1 - epsilon]; 1e-7 unless given, as in Keras. Not used with logits. */
  readonly epsilon?: number
}

/** Options of categoricalCrossentropy. */
export interface CategoricalOptions extends CrossentropyOptions {
  /** `s`: targets become `(1 - s) t + s / classes`; 0 unless given. Szegedy and others 2016. */
  readonly labelSmoothing?: number
}

const checkEpsilon = (name: string, { epsilon = 1e-7 }: CrossentropyOptions): number => {
  if (!(epsilon >= 0 && epsilon < 0.5)) throw optionError(`${name}: epsilon`, "0 or more and below 0.5", epsilon)
  return epsilon
}

const clip = (p: Floats, epsilon: number): Floats => T.minimum(T.maximum(p, epsilon), 1 - epsilon)

/** `w v`, but 0 for an infinite v of weight 0; a finite v keeps its derivative with respect to w there. */
const weighted = (w: Floats, v: Floats): Floats =>
  T.mul(T.where(T.or(T.notEqual(w, 0), T.notEqual(T.abs(v), Number.POSITIVE_INFINITY)), v, 0), w)

/** Logarithms of the probabilities of the classes on the last axis. */
const logProbabilities = (output: Floats, { fromLogits }: CrossentropyOptions, epsilon: number): Floats =>
  fromLogits ? T.logSoftmax(output) : T.log(clip(T.div(output, T.sum(output, { axis: -1, keepDims: true })), epsilon))

/**
 * `L = -ln p_label`, where `p = softmax(output)` from logits, else `p = clip(output / sum output, epsilon, 1 - epsilon)`:
 * the convention of Keras. Labels are i32 class numbers `[batch, ...]` for an output `[batch, ..., classes]`.
 *
 * From logits it is computed as `max + ln sum e^(x - max) - x_label`, exact for logits of any size. A label that is no
 * class selects nothing and has loss 0: `validateTargets` finds such labels. Throws OptionError for a wrong epsilon.
 */
export const sparseCategoricalCrossentropy = (options: CrossentropyOptions): Loss<"labels"> => {
  const epsilon = checkEpsilon("sparseCategoricalCrossentropy", options)
  return make({
    name: "sparseCategoricalCrossentropy",
    targets: "labels",
    // A mask, not a gather: comparing, choosing and summing belong to the same pass over the row as the softmax.
    elements: (output, label) => {
      const logP = logProbabilities(output, options, epsilon)
      const isLabel = T.oneHot(label, output.shape.at(-1) ?? 1, "bool")
      return T.neg(T.sum(T.where(isLabel, logP, 0), { axis: -1 }))
    },
    rule: each(
      (x, classes) => Number.isInteger(x) && x >= 0 && x < classes,
      (classes) => `a class from 0 to ${classes - 1}`
    )
  })
}

const probabilities = each(
  (x) => x >= 0 && x <= 1,
  () => "a probability, from 0 to 1"
)

/** Targets of a row are probabilities that add up to 1. */
const distribution: RowRule = (data, start, end, classes) => {
  const wrong = probabilities(data, start, end, classes)
  if (wrong !== undefined) return wrong
  let sum = 0
  for (let i = start; i < end; i++) sum += data[i] ?? 0
  return Math.abs(sum - 1) <= 1e-3 ? undefined : `the probabilities add up to ${sum}, not to 1`
}

/**
 * `L = -sum_c t'_c ln p_c` with `t' = (1 - s) t + s / classes`, and p as for sparseCategoricalCrossentropy. Targets are
 * probabilities (one-hot, or soft) of the shape of the output. A target of 0 contributes 0 even where p is 0.
 *
 * Throws OptionError unless `0 <= labelSmoothing < 1`.
 */
export const categoricalCrossentropy = (options: CategoricalOptions): Loss<"values"> => {
  const epsilon = checkEpsilon("categoricalCrossentropy", options)
  const { labelSmoothing = 0 } = options
  checkSmoothing("categoricalCrossentropy", labelSmoothing)
  return make({
    name: "categoricalCrossentropy",
    targets: "values",
    elements: (output, target) => {
      const t = smoothed(target, labelSmoothing, output.shape.at(-1) ?? 1)
      return T.neg(T.sum(weighted(t, logProbabilities(output, options, epsilon)), { axis: -1 }))
    },
    rule: distribution
  })
}

const checkSmoothing = (name: string, labelSmoothing: number): void => {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw optionError(`${name}: labelSmoothing`, "0 or more and below 1", labelSmoothing)
}

const smoothed = (target: Floats, s: number, classes: number): Floats =>
  s === 0 ? target : T.add(T.mul(target, 1 - s), s / classes)

/**
 * `L = -t ln p - (1 - t) ln(1 - p)` per element, with `p = sigmoid(output)` from logits, else
 * `p = clip(output, epsilon, 1 - epsilon)`. Targets are probabilities of the shape of the output.
 *
 * From logits x it is computed as `t max(-x, 0) + (1 - t) max(x, 0) + ln(1 + e^-|x|)`, a sum of positive terms: exact for
 * logits of any size, infinite ones too. Throws OptionError for a wrong epsilon.
 */
export const binaryCrossentropy = (options: CrossentropyOptions): Loss<"values"> => {
  const epsilon = checkEpsilon("binaryCrossentropy", options)
  return make({
    name: "binaryCrossentropy",
    targets: "values",
    elements: (output, target) =>
      options.fromLogits ? binaryFromLogits(output, target) : binaryFromProbabilities(clip(output, epsilon), target),
    rule: probabilities
  })
}

const binaryFromLogits = (x: Floats, t: Floats): Floats => {
  // maximum shares the derivative of a tie, which makes the slope at x = 0 the true one, 1/2 - t.
  const wrongSide = T.add(weighted(t, T.maximum(T.neg(x), 0)), weighted(complement(t), T.maximum(x, 0)))
  return T.add(wrongSide, T.log1p(T.exp(T.neg(T.abs(x)))))
}

const binaryFromProbabilities = (p: Floats, t: Floats): Floats =>
  T.neg(T.add(weighted(t, T.log(p)), weighted(complement(t), T.log1p(T.neg(p)))))

const complement = (t: Floats): Floats => T.add(T.neg(t), 1)
