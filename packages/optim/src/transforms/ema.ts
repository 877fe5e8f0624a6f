import { operations as ops, T } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { biasCorrection } from "../scalar.ts"
import { type Transform, transform, type TransformRule } from "../transform.ts"
import { decayFactor, flag, validate } from "../validation.ts"

/** A moving average of gradients. */
export interface EmaState<P> {
  readonly m: P
}

/** Options of ema. */
export interface EmaOptions {
  /** Whether to divide by the weight of the average so far, `1 - decay^t`: true unless given. */
  readonly debias?: boolean
}

/** The rule of ema. */
export interface EmaRule extends TransformRule {
  readonly State: EmaState<this["P"]>
  readonly Options: Required<EmaOptions> & { readonly decay: Hyper }
}

/**
 * A moving average of gradients: `m' = decay m + (1 - decay) g`, `g' = m' / (1 - decay^t)`.
 *
 * Source: the first moment of Kingma and Ba 2015. Optax: `ema(decay, debias)`. For averages of parameters see `averaged`.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const ema = (decay: Hyper, options: EmaOptions = {}): Transform<EmaRule> => {
  const o = validate("ema", { debias: true, ...options, decay }, { decay: hyper(decayFactor), debias: flag })
  return transform({
    name: "ema",
    options: o,
    slots: ["m"],
    scalars: (t) => {
      const beta = hyperAt(decay, T.sub(t, 1))
      return { beta, rest: T.add(T.neg(beta), 1), c: biasCorrection(beta, t) }
    },
    update: ({ grad, m }, { beta, rest, c }) => {
      const next = ops.add(ops.mul(m, beta), ops.mul(grad, rest))
      return { grad: o.debias ? ops.div(next, c) : next, m: next }
    }
  })
}
