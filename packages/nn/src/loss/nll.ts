/** The negative log likelihood of classes. */
import { countsOf, type LabelOptions, labelledLosses, labelRule } from "./labelled.ts"
import { type RowLoss, rowLoss } from "./loss.ts"

/**
 * `L = -w_label x_label`, where the output x holds the logarithms of the probabilities of classes, such as
 * `T.logSoftmax` gives: PyTorch's `nll_loss`. Labels are i32 class numbers.
 *
 * ```ts
 * const loss = Loss.nll({ classWeights: [1, 2, 0.5] })
 * const mean = loss(T.logSoftmax(T.zeros([2, 3])), T.constant([1, 0], "i32"))   // ln 3
 * ```
 *
 * Ignored labels, weights and means as for sparseCategoricalCrossentropy, which is better from logits.
 */
export const nll = (options: LabelOptions = {}): RowLoss<"labels"> =>
  rowLoss({
    name: "nll",
    targets: "labels",
    elements: (output, labels) => labelledLosses("nll", output, labels, options),
    ...countsOf(options),
    rule: labelRule(options)
  })
