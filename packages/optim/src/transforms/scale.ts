import { operations as ops, T } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { anyNumber, validate } from "../validation.ts"

/** The rule of scaling. */
export interface ScaleRule extends StatelessRule<{ readonly factor: Hyper }> {}

/**
 * Multiplies by a factor: `g' = factor g`. A schedule gives the factor of step k, from 0; a scalar may be a
 * parameter of the program.
 *
 * Optax: `scale(step_size)`, `scale_by_schedule(step_size_fn)`. A chain that is to descend without a learning rate of its
 * own ends in `scale(-learningRate)`.
 */
export const scale = (factor: Hyper): Transform<ScaleRule> => {
  const o = validate("scale", { factor }, { factor: hyper(anyNumber) })
  return transform({
    name: "scale",
    options: o,
    slots: [],
    scalars: (t) => ({ by: hyperAt(o.factor, T.sub(t, 1)) }),
    update: ({ grad }, { by }) => ({ grad: ops.mul(grad, by) })
  })
}
