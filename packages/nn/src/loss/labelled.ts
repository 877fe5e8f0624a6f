/** The negative logarithm of the probability of a class that is named by its number. */
import { type Shape, T, type Tensor } from "@cotangent/graph"
import { type ClassWeights, classWeightsFor } from "./class-weights.ts"
import { classRule, type RowRule } from "./loss.ts"
import { type Floats, weighted, type WeightedLosses } from "./reduction.ts"

/** Options of losses for class numbers. */
export interface LabelOptions {
  /**
   * A label whose rows have loss 0 and do not count in a mean: PyTorch's `ignore_index` (-100 there unless given), Keras's
   * `ignore_class`. No label is ignored unless given.
   *
   * The trainer's loss is, as in Keras and PyTorch, the mean over the positions of a batch that are not ignored, and 0 when
   * all are. The loss of a sample (`perSample`) is the sum over those by the number of all its positions. Metrics
   * count ignored labels as wrong answers unless they are made by `Metrics.ignoring`, or of the loss by `Metrics.fromLoss`.
   */
  readonly ignoreIndex?: number
  /** The weights of the rows by their class; means divide by their sum. */
  readonly classWeights?: ClassWeights
}

type Labels = Tensor<Shape, "i32">

/** Log probabilities by weights, 0 for an infinite one of weight 0. */
const byWeight = (weights: Floats | undefined, logP: Floats): Floats =>
  weights === undefined ? logP : (weighted(T.broadcastTo(weights, logP.shape.map(Number)), logP) as Floats)

/**
 * `(1 - s) w_y (-ln p_y) + s / classes sum_c w_c (-ln p_c)` of every row of log probabilities, and the weights w_y; 0 for
 * rows that are ignored.
 */
export const labelledLosses = (
  name: string,
  logP: Floats,
  labels: Labels,
  { ignoreIndex, classWeights }: LabelOptions,
  labelSmoothing = 0
): WeightedLosses => {
  const classes = logP.shape.at(-1) ?? 1
  // A mask, not a gather: comparing, choosing and summing belong to the same pass over the row as the softmax.
  const isLabel = T.oneHot(labels, classes, "bool")
  const weights = classWeights === undefined ? undefined : classWeightsFor(name, classWeights, logP)
  const terms = byWeight(weights, logP)
  const rowSum = (x: Floats): Floats => T.sum(x, { axis: -1 })
  const atLabel: Floats = T.neg(rowSum(T.where(isLabel, terms, 0)))
  const losses: Floats =
    labelSmoothing === 0
      ? atLabel
      : T.sub(T.mul(atLabel, 1 - labelSmoothing), T.mul(rowSum(terms), labelSmoothing / classes))
  const weight = weights === undefined ? undefined : rowSum(T.where(isLabel, weights, 0))
  if (ignoreIndex === undefined) return weight === undefined ? { losses } : { losses, weights: weight }
  const counts = T.notEqual(labels, ignoreIndex)
  const one = T.onesLike(losses)
  return { losses: T.where(counts, losses, 0), weights: T.where(counts, weight ?? one, 0) }
}

/** Which rows count, for a definition of a loss: all of them unless a label is ignored. */
export const countsOf = ({ ignoreIndex }: LabelOptions) =>
  ignoreIndex === undefined ? {} : { counts: (labels: Labels) => T.notEqual(labels, ignoreIndex) }

/** Labels are classes, or the one that is ignored. */
export const labelRule = ({ ignoreIndex }: LabelOptions): RowRule => classRule(ignoreIndex)
