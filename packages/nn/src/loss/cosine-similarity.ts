/** Directions: the larger the cosine of the angle between output and target, the smaller the loss. */
import { T } from "@cotangent/graph"
import { type RowLoss, rowLoss } from "./loss.ts"

/**
 * `L = -cos(y, t)` per row, from -1 (the same direction) to 1: Keras's `CosineSimilarity`. Rows of zeros have loss 0; see
 * `T.cosineSimilarity` for what happens near them.
 */
export const cosineSimilarity: RowLoss<"values"> = rowLoss({
  name: "cosineSimilarity",
  targets: "values",
  elements: (y, t) => T.neg(T.cosineSimilarity(y, t))
})
