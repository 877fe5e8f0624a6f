import { operations as ops, T } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { nonNegative, validate } from "../validation.ts"

/** The rule of weight decay. */
export interface AddDecayedWeightsRule extends StatelessRule<{ readonly weightDecay: Hyper }> {}

/**
 * Weight decay: `g' = g + weightDecay theta`. Before the rule proper it is an L2 term; after it, it is decoupled, and is
 * multiplied by the learning rate: `chain({ adam: scaleByAdam(), decay: addDecayedWeights(0.01) })` is AdamW.
 *
 * Source: Loshchilov and Hutter 2019. Optax: `add_decayed_weights(weight_decay)`.
 */
export const addDecayedWeights = (weightDecay: Hyper): Transform<AddDecayedWeightsRule> =>
  transform({
    name: "addDecayedWeights",
    options: validate("addDecayedWeights", { weightDecay }, { weightDecay: hyper(nonNegative) }),
    slots: [],
    scalars: (t) => ({ by: hyperAt(weightDecay, T.sub(t, 1)) }),
    update: ({ params, grad }, { by }) => ({ grad: ops.add(grad, ops.mul(params, by)) })
  })
