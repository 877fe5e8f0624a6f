/** A loss of distances between what belongs together and what does not. */
import { T } from "@cotangent/graph"
import { openHinge } from "./hinge.ts"
import { type ElementLoss, elementLoss } from "./loss.ts"
import { signs } from "./soft-margin.ts"

/** Options of margin losses. */
export interface MarginOptions {
  readonly margin?: number
}

/**
 * `L = y` where the target is 1, `max(margin - y, 0)` where it is -1, per element; margin 1 unless given. At
 * `y = margin` the slope is -1.
 *
 * PyTorch's `hinge_embedding_loss`.
 */
export const hingeEmbedding = ({ margin = 1 }: MarginOptions = {}): ElementLoss =>
  elementLoss({
    name: "hingeEmbedding",
    targets: "values",
    // Each part is left out for the other's target only, which is what PyTorch does with targets of neither kind.
    elements: (y, t) =>
      T.add(T.where(T.equal(t, -1), 0, y), T.where(T.equal(t, 1), 0, openHinge(T.add(T.neg(y), margin)))),
    rule: signs
  })
