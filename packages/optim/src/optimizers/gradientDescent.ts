import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { rateOrSchedule, validate } from "../validation.ts"
import { gradientDescentStages } from "../explain/plain.ts"

/** The state of gradient descent: nothing but what every state holds. */
export interface GradientDescentState<P> extends Stepped<P> {}

/** Options of gradient descent. */
export interface GradientDescentOptions {
  readonly learningRate: number | Schedule
}

/** The rule of gradient descent. */
export interface GradientDescentRule extends Rule {
  readonly State: GradientDescentState<this["P"]>
  readonly Options: Required<GradientDescentOptions>
}

/** Gradient descent in words. */
export const gradientDescentDocument = document({
  name: "gradientDescent",
  summary: "A step down the gradient.",
  equation: "theta' = theta - eta g",
  source: "Cauchy 1847, Methode generale pour la resolution des systemes d'equations simultanees",
  slots: {},
  conventions: {}
})

/**
 * Gradient descent: `theta' = theta - eta g`.
 *
 * Source: Cauchy 1847. See `sgd` for momentum and weight decay.
 *
 * ```ts
 * const descent = gradientDescent({ learningRate: 0.1 })
 * const loss = (p: Tensor<[], "f64">) => T.square(p)
 * let state = descent.init(T.constant(1, "f64"))
 * state = descent.step(state, grad(loss)(state.params))    // T.evaluate(state.params) is 0.8
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const gradientDescent = (options: GradientDescentOptions): Optimizer<GradientDescentRule> => {
  const o = validate("gradientDescent", options, { learningRate: rateOrSchedule })
  return optimizer({
    name: "gradientDescent",
    options: o,
    slots: [],
    optional: [],
    stages: gradientDescentStages,
    scalars: ({ rate }) => ({ descent: T.neg(rate) }),
    update: ({ params, grad }, { descent }) => ({ params: ops.add(params, ops.mul(grad, descent)) })
  })
}
