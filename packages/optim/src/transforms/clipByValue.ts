import { operations as ops, T } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { positive, validate } from "../validation.ts"

/** The rule of clipping by value. */
export interface ClipByValueRule extends StatelessRule<{ readonly limit: Hyper }> {}

/**
 * Clips every element: `g' = min(max(g, -limit), limit)`. NaN stays NaN.
 *
 * PyTorch: `clip_grad_value_(params, limit)`; Keras: `clipvalue`; Optax: `clip(limit)`.
 */
export const clipByValue = (limit: Hyper): Transform<ClipByValueRule> =>
  transform({
    name: "clipByValue",
    options: validate("clipByValue", { limit }, { limit: hyper(positive) }),
    slots: [],
    scalars: (t) => ({ bound: hyperAt(limit, T.sub(t, 1)) }),
    update: ({ grad }, { bound }) => ({ grad: ops.min(ops.max(grad, ops.neg(bound)), bound) })
  })
