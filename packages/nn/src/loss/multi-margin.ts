/** Margins between the true class and all others. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type ClassWeights, classWeightsFor } from "./class-weights.ts"
import { closedHinge } from "./hinge.ts"
import { labelRule } from "./labelled.ts"
import { type RowLoss, rowLoss } from "./loss.ts"
import type { Floats } from "./reduction.ts"

/** Options of multiMargin. */
export interface MultiMarginOptions {
  /** 1 unless given. */
  readonly margin?: number
  /** The power of a margin, 1 unless given, or 2. */
  readonly p?: 1 | 2
  /** The weights of the rows by their class; means do not divide by them, as in PyTorch. */
  readonly classWeights?: ClassWeights
}

/**
 * `L = w_y / classes sum_{c != y} max(margin - x_y + x_c, 0)^p` per row, y being the label: i32 class numbers
 * `[batch, ...]` for an output `[batch, ..., classes]`. At a margin of exactly 0 the slope is 0.
 *
 * PyTorch's `multi_margin_loss`. Throws OptionError unless p is 1 or 2, ShapeError unless there are as many weights as
 * classes.
 */
export const multiMargin = ({ margin = 1, p = 1, classWeights }: MultiMarginOptions = {}): RowLoss<"labels"> => {
  if (p !== 1 && p !== 2) throw optionError("multiMargin: p", "1 or 2", p)
  return rowLoss({
    name: "multiMargin",
    targets: "labels",
    elements: (x, labels) => {
      const classes = x.shape.at(-1) ?? 1
      const isLabel = T.oneHot(labels, classes, "bool")
      const along = { axis: -1, keepDims: true } as const
      const atLabel: Floats = T.sum(T.where(isLabel, x, 0), along)
      const missing = closedHinge(T.add(T.sub(x, atLabel), margin))
      const terms: Floats = T.where(isLabel, 0, p === 1 ? missing : T.square(missing))
      const losses: Floats = T.div(T.sum(terms, { axis: -1 }), classes)
      if (classWeights === undefined) return losses
      const weights = classWeightsFor("multiMargin", classWeights, x)
      const weight: Floats = T.sum(T.where(isLabel, weights, 0), { axis: -1 })
      return T.mul(losses, weight)
    },
    rule: labelRule({})
  })
}
