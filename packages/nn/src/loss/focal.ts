/** Focal losses: cross-entropies that give less to what is already right. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type ClassWeights, classWeightsFor } from "./class-weights.ts"
import {
  checkEpsilon,
  checkSmoothing,
  clip,
  type CrossentropyOptions,
  distribution,
  logProbabilities,
  probabilities,
  smoothed
} from "./crossentropy.ts"
import { type ElementLoss, elementLoss, type RowLoss, rowLoss } from "./loss.ts"
import { type Floats, weighted } from "./reduction.ts"
import { logisticLosses } from "./softplus.ts"

/** Options of the focal losses. */
export interface FocalOptions extends CrossentropyOptions {
  /** How much less: 2 unless given; 0 gives the cross-entropy. */
  readonly gamma?: number
}

/** Options of binaryFocalCrossentropy. */
export interface BinaryFocalOptions extends FocalOptions {
  /** The weight of true answers, `1 - alpha` being that of false ones; both weigh 1 unless given. The paper has 0.25. */
  readonly alpha?: number
}

/** Options of categoricalFocalCrossentropy. */
export interface CategoricalFocalOptions extends FocalOptions {
  /** The weight of all classes, or one per class; 0.25 unless given, as in Keras. */
  readonly alpha?: number | ClassWeights
}

const checkGamma = (name: string, gamma = 2): number => {
  if (!(gamma >= 0 && Number.isFinite(gamma))) throw optionError(`${name}: gamma`, "0 or more", gamma)
  return gamma
}

/** `x^gamma` for x >= 0, with a finite derivative at 0. */
const power = (x: Floats, gamma: number): Floats => {
  if (gamma === 1) return x
  if (gamma === 2) return T.square(x)
  const isZero = T.equal(x, 0)
  return T.where(isZero, 0, T.pow(T.where(isZero, 1, x), gamma))
}

const complement = (t: Floats): Floats => T.add(T.neg(t), 1)
const either = (t: Floats, yes: Floats, no: Floats): Floats =>
  T.add(weighted(t, yes) as Floats, weighted(complement(t), no) as Floats)

/**
 * `L = a_t (1 - p_t)^gamma (-ln p_t)` per element: the binary cross-entropy by how wrong the answer is, where p_t is the
 * probability given to the true answer and a_t is `alpha` for yes, `1 - alpha` for no. Soft targets mix both:
 * `p_t = t p + (1 - t)(1 - p)`, as in Keras.
 *
 * Keras's `BinaryFocalCrossentropy` (with `apply_class_balancing` where alpha is given), torchvision's
 * `sigmoid_focal_loss`. From logits it is as exact as binaryCrossentropy. Throws OptionError for an option out of range.
 * Lin and others 2017.
 */
export const binaryFocalCrossentropy = (options: BinaryFocalOptions): ElementLoss => {
  const name = "binaryFocalCrossentropy"
  const epsilon = checkEpsilon(name, options.epsilon)
  const labelSmoothing = checkSmoothing(name, options.labelSmoothing)
  const gamma = checkGamma(name, options.gamma)
  const { alpha, fromLogits } = options
  if (alpha !== undefined && !(alpha >= 0 && alpha <= 1)) throw optionError(`${name}: alpha`, "from 0 to 1", alpha)
  return elementLoss({
    name,
    targets: "values",
    elements: (output, target) => {
      const t = smoothed(target, labelSmoothing, 2)
      const p = fromLogits ? T.sigmoid(output) : epsilon === 0 ? output : clip(output, epsilon)
      const q = fromLogits ? T.sigmoid(T.neg(output)) : complement(p)
      const { ifOne, ifZero } = fromLogits
        ? logisticLosses(output)
        : { ifOne: T.neg(T.log(p)), ifZero: T.neg(T.log1p(T.neg(p))) }
      const entropy = either(t, ifOne, ifZero)
      const focused = gamma === 0 ? entropy : (weighted(power(either(t, q, p), gamma), entropy) as Floats)
      return alpha === undefined ? focused : T.mul(focused, T.add(T.mul(t, 2 * alpha - 1), 1 - alpha))
    },
    rule: probabilities
  })
}

/**
 * `L = -sum_c alpha_c (1 - p_c)^gamma t'_c ln p_c` per row, with t' and p as for categoricalCrossentropy. Targets are
 * probabilities (one-hot, or soft) of the shape of the output.
 *
 * Keras's `CategoricalFocalCrossentropy`. Throws OptionError for an option out of range. Lin and others 2017.
 */
export const categoricalFocalCrossentropy = (options: CategoricalFocalOptions): RowLoss<"values"> => {
  const name = "categoricalFocalCrossentropy"
  const epsilon = checkEpsilon(name, options.epsilon)
  const labelSmoothing = checkSmoothing(name, options.labelSmoothing)
  const gamma = checkGamma(name, options.gamma)
  const { alpha = 0.25, fromLogits } = options
  return rowLoss({
    name,
    targets: "values",
    elements: (output, target) => {
      const t = smoothed(target, labelSmoothing, output.shape.at(-1) ?? 1)
      const logP = logProbabilities(output, fromLogits, epsilon)
      const weights = T.mul(t, typeof alpha === "number" ? alpha : classWeightsFor(name, alpha, output))
      // 1 - p without forming p.
      const factors: Floats = gamma === 0 ? weights : T.mul(weights, power(T.neg(T.expm1(logP)), gamma))
      return T.neg(T.sum(weighted(factors, logP) as Floats, { axis: -1 }))
    },
    rule: distribution
  })
}
