/** The logistic loss of answers -1 and 1. */
import { T } from "@cotangent/graph"
import { each, type ElementLoss, elementLoss } from "./loss.ts"
import { logisticLosses } from "./softplus.ts"

/** Targets of two classes that are -1 and 1. */
export const signs = each(
  (x) => x === 1 || x === -1,
  () => "-1 or 1"
)

/**
 * `L = ln(1 + e^(-t y))` per element, for targets -1 and 1: exact for outputs of any size. PyTorch's `soft_margin_loss`.
 */
export const softMargin: ElementLoss = elementLoss({
  name: "softMargin",
  targets: "values",
  elements: (y, t) => logisticLosses(T.mul(y, t)).ifOne,
  rule: signs
})
