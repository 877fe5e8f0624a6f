import { operations as ops } from "@cotangent/graph"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { sumOverUnits, unitSize } from "../unitwise.ts"

/** The rule of centralization. */
export interface CentralizeRule extends StatelessRule<{}> {}

/**
 * Takes from each unit of a kernel its mean: `g' = g - mean(g)` over all axes but the last, which is that of the outputs;
 * leaves of fewer than two axes pass unchanged.
 *
 * Source: Yong, Huang, Hua and Zhang 2020, Gradient Centralization, equation 1. Optax: `centralize()`.
 */
export const centralize: Transform<CentralizeRule> = transform({
  name: "centralize",
  options: {},
  slots: [],
  scalars: () => ({}),
  update: ({ grad }) => ({
    grad: grad.shape.length < 2 ? grad : ops.sub(grad, ops.div(sumOverUnits(grad), unitSize(grad)))
  })
})
