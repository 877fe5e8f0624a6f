/** Cross-entropy of yes or no, element by element. */
import { type Float, isTensor, type Shape, ShapeError, showShape, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { asTensor } from "./class-weights.ts"
import {
  checkEpsilon,
  checkSmoothing,
  clip,
  type CrossentropyOptions,
  probabilities,
  smoothed
} from "./crossentropy.ts"
import { type ElementLoss, elementLoss } from "./loss.ts"
import { type Floats, weighted } from "./reduction.ts"
import { logisticLosses } from "./softplus.ts"

/** Options of binaryCrossentropy. */
export interface BinaryCrossentropyOptions extends CrossentropyOptions {
  /**
   * What the terms of true answers are multiplied by: a number, one per class of the last axis, or a tensor that
   * broadcasts to the output; 1 unless given.
   */
  readonly posWeight?: number | ReadonlyArray<number> | Tensor<Shape, Float>
  /**
   * The least logarithm of a probability, -Infinity unless given; PyTorch's `binary_cross_entropy` has -100, and epsilon
   * 0. The derivative beyond it is 0. Not used with logits.
   */
  readonly leastLog?: number
}

const posWeightFor = (posWeight: BinaryCrossentropyOptions["posWeight"], output: Floats): Floats | number => {
  if (posWeight === undefined || typeof posWeight === "number") return posWeight ?? 1
  const of = "binaryCrossentropy: posWeight"
  const tensor = isTensor(posWeight) ? posWeight : asTensor(of, posWeight, output.dtype)
  const lead = output.shape.length - tensor.shape.length
  if (lead < 0 || tensor.shape.some((size, d) => size !== 1 && size !== output.shape[lead + d]))
    throw new ShapeError(`${of} ${showShape(tensor.shape)} does not broadcast to the output ${showShape(output.shape)}`)
  return asTensor(of, tensor, output.dtype)
}

/** `w v`, 0 for an infinite v of weight 0. */
const product = (w: Floats, v: Floats): Floats => weighted(w, v) as Floats

const complement = (t: Floats): Floats => T.add(T.neg(t), 1)

/** `ln p`, at least `least`; nothing flows into a p whose logarithm is less. */
const logarithm = (p: Floats, least: number): Floats => {
  if (least === Number.NEGATIVE_INFINITY) return T.log(p)
  const below = T.less(p, Math.exp(least))
  return T.where(below, least, T.log(T.where(below, 1, p)))
}

/**
 * `L = -w t ln p - (1 - t) ln(1 - p)` per element, with `p = sigmoid(output)` from logits, else
 * `p = clip(output, epsilon, 1 - epsilon)`; w is `posWeight`, and t is `(1 - s) t + s / 2` with smoothing s, as in Keras.
 * Targets are probabilities of the shape of the output.
 *
 * ```ts
 * const loss = Loss.binaryCrossentropy({ fromLogits: true, posWeight: [2, 0.5] })
 * const sum = loss(T.zeros([3, 2]), T.ones([3, 2]), { reduction: "sum" })
 * ```
 *
 * From logits x it is computed from `max(x, 0) + ln(1 + e^-|x|)` and its mirror image, sums of positive terms: exact for
 * logits of any size, infinite ones too. PyTorch's `binary_cross_entropy_with_logits`, whose `weight` is `sampleWeight`
 * with the reduction `"meanOfWeighted"`. Throws OptionError for an option out of range, ShapeError for a posWeight that
 * does not broadcast to the output.
 */
export const binaryCrossentropy = (options: BinaryCrossentropyOptions): ElementLoss => {
  const epsilon = checkEpsilon("binaryCrossentropy", options.epsilon)
  const labelSmoothing = checkSmoothing("binaryCrossentropy", options.labelSmoothing)
  const { fromLogits, posWeight, leastLog = Number.NEGATIVE_INFINITY } = options
  if (!(leastLog < 0)) throw optionError("binaryCrossentropy: leastLog", "below 0", leastLog)
  return elementLoss({
    name: "binaryCrossentropy",
    targets: "values",
    elements: (output, target) => {
      const t = smoothed(target, labelSmoothing, 2)
      const yes: Floats = T.mul(t, posWeightFor(posWeight, output))
      const no = complement(t)
      if (fromLogits) {
        const { ifOne, ifZero } = logisticLosses(output)
        return T.add(product(yes, ifOne), product(no, ifZero))
      }
      // Without epsilon nothing is clipped, so that probabilities of 0 and 1 keep their derivatives.
      const p = epsilon === 0 ? output : clip(output, epsilon)
      // ln(1 - p) loses nothing for a small p.
      const logOfNo = leastLog === Number.NEGATIVE_INFINITY ? T.log1p(T.neg(p)) : logarithm(complement(p), leastLog)
      return T.neg(T.add(product(yes, logarithm(p, leastLog)), product(no, logOfNo)))
    },
    rule: probabilities
  })
}
