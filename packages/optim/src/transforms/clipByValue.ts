import { operations as ops } from "@cotangent/graph"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { positive, validate } from "../validation.ts"

/** The rule of clipping by value. */
export interface ClipByValueRule extends StatelessRule<{ readonly limit: number }> {}

/**
 * Clips every element: `g' = min(max(g, -limit), limit)`. NaN stays NaN.
 *
 * PyTorch: `clip_grad_value_(params, limit)`; Keras: `clipvalue`; Optax: `clip(limit)`.
 */
export const clipByValue = (limit: number): Transform<ClipByValueRule> =>
  transform({
    name: "clipByValue",
    options: validate("clipByValue", { limit }, { limit: positive }),
    slots: [],
    scalars: () => ({}),
    update: ({ grad }) => ({ grad: ops.min(ops.max(grad, -limit), limit) })
  })
