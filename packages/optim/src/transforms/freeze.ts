import { operations as ops } from "@cotangent/graph"
import { type StatelessRule, type Transform, transform } from "../transform.ts"

/** The rule of freezing. */
export interface FreezeRule extends StatelessRule<{}> {}

/**
 * No change at all: `g' = 0`, also where g is not finite. The part of a `partition` whose parameters stay as they are.
 *
 * Optax: `set_to_zero()`; PyTorch: `requires_grad = False`; Keras: `trainable = False`.
 */
export const freeze: Transform<FreezeRule> = transform({
  name: "freeze",
  options: {},
  slots: [],
  scalars: () => ({}),
  update: ({ grad }) => ({ grad: ops.full(grad.shape, 0, grad.dtype) })
})
