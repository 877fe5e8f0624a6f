import { operations as ops, T } from "@cotangent/graph"
import { f64 } from "../scalar.ts"
import { rateAt, type Schedule } from "../schedule/schedule.ts"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { factorOrSchedule, validate } from "../validation.ts"

/** The rule of scaling. */
export interface ScaleRule extends StatelessRule<{ readonly factor: number | Schedule }> {}

/**
 * Multiplies by a factor: `g' = factor g`. A schedule gives the factor of step k, from 0.
 *
 * Optax: `scale(step_size)`, `scale_by_schedule(step_size_fn)`. A chain that is to descend without a learning rate of its
 * own ends in `scale(-learningRate)`.
 */
export const scale = (factor: number | Schedule): Transform<ScaleRule> => {
  const o = validate("scale", { factor }, { factor: factorOrSchedule })
  return transform({
    name: "scale",
    options: o,
    slots: [],
    scalars: (t) => ({ by: typeof o.factor === "number" ? f64(o.factor) : rateAt(o.factor, T.sub(t, 1)) }),
    update: ({ grad }, { by }) => ({ grad: ops.mul(grad, by) })
  })
}
