/** The Kullback-Leibler divergence: how much a distribution differs from the one that is true. */
import { T } from "@cotangent/graph"
import { checkEpsilon, type CrossentropyOptions, distribution, probabilities } from "./crossentropy.ts"
import { type ElementLoss, elementLoss, type RowLoss, rowLoss } from "./loss.ts"
import { type Floats, weighted } from "./reduction.ts"

/** `t (ln t - v)`, 0 for a t of 0; the infinite logarithm of a t of 0 is left out of its derivative too. */
const divergence = (t: Floats, v: Floats): Floats => {
  const logarithm = T.log(T.where(T.equal(t, 0), 1, t))
  return weighted(t, T.sub(logarithm, v)) as Floats
}

/**
 * `L = sum_c t_c (ln t_c - ln p_c)` per row, the divergence of the output's distribution p from the target's t, which
 * are probabilities of the shape of the output.
 *
 * From logits p is their softmax; logarithms of probabilities count as logits. Otherwise p and t both are kept at
 * epsilon or more, as in Keras's `KLDivergence`. For the losses of elements, PyTorch's `kl_div`, see relativeEntropy.
 * Throws OptionError for a wrong epsilon. Kullback, Leibler 1951.
 */
export const klDivergence = ({
  fromLogits,
  epsilon
}: Omit<CrossentropyOptions, "labelSmoothing">): RowLoss<"values"> => {
  const least = checkEpsilon("klDivergence", epsilon)
  const kept = (p: Floats): Floats => (least === 0 ? p : T.minimum(T.maximum(p, least), 1))
  return rowLoss({
    name: "klDivergence",
    targets: "values",
    elements: (output, target) => {
      const terms = fromLogits
        ? divergence(target, T.logSoftmax(output))
        : divergence(kept(target), T.log(kept(output)))
      return T.sum(terms, { axis: -1 })
    },
    rule: distribution
  })
}

/** Options of relativeEntropy. */
export interface RelativeEntropyOptions {
  /** Whether targets are logarithms of probabilities as well; false unless given. */
  readonly logTarget?: boolean
}

/**
 * `L = t (ln t - x)` per element, where the output x holds logarithms of probabilities: PyTorch's `kl_div`, whose
 * `batchmean` (`"batchMean"` here) is the divergence per sample. With `logTarget`, `L = e^t (t - x)`.
 *
 * ```ts
 * const loss = Loss.relativeEntropy()
 * const perSample = loss(T.logSoftmax(T.zeros([2, 4])), T.softmax(T.ones([2, 4])), { reduction: "batchMean" })   // 0
 * ```
 *
 * A target probability of 0 contributes 0, even where x is -Infinity (PyTorch: NaN).
 */
export const relativeEntropy = ({ logTarget = false }: RelativeEntropyOptions = {}): ElementLoss =>
  elementLoss({
    name: "relativeEntropy",
    targets: "values",
    elements: (x, t) => (logTarget ? (weighted(T.exp(t), T.sub(t, x)) as Floats) : divergence(t, x)),
    ...(logTarget ? {} : { rule: probabilities })
  })
