/** Yes or no for each of several classes, as one loss per row. */
import { T } from "@cotangent/graph"
import { type ClassWeights, classWeightsFor } from "./class-weights.ts"
import { probabilities } from "./crossentropy.ts"
import { type RowLoss, rowLoss } from "./loss.ts"
import { type Floats, weighted } from "./reduction.ts"
import { logisticLosses } from "./softplus.ts"

/** Options of multiLabelSoftMargin. */
export interface MultiLabelSoftMarginOptions {
  /** The weights of the classes; means do not divide by them, as in PyTorch. */
  readonly classWeights?: ClassWeights
}

/**
 * `L = -1 / classes sum_c w_c (t_c ln p_c + (1 - t_c) ln(1 - p_c))` per row, with `p = sigmoid(output)`: the mean of the
 * binary cross-entropies of a row. Targets have the shape of the output.
 *
 * PyTorch's `multilabel_soft_margin_loss`. Throws ShapeError unless there are as many weights as classes.
 */
export const multiLabelSoftMargin = ({ classWeights }: MultiLabelSoftMarginOptions = {}): RowLoss<"values"> =>
  rowLoss({
    name: "multiLabelSoftMargin",
    targets: "values",
    elements: (x, t) => {
      const { ifOne, ifZero } = logisticLosses(x)
      const no: Floats = T.add(T.neg(t), 1)
      const terms: Floats = T.add(weighted(t, ifOne) as Floats, weighted(no, ifZero) as Floats)
      const scaled =
        classWeights === undefined ? terms : T.mul(terms, classWeightsFor("multiLabelSoftMargin", classWeights, x))
      return T.mean(scaled, { axis: -1 })
    },
    rule: probabilities
  })
