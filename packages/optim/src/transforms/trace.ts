import { operations as ops, T } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { type Transform, transform, type TransformRule } from "../transform.ts"
import { flag, fraction, validate } from "../validation.ts"

/** A remembered velocity. */
export interface Trace<P> {
  readonly velocity: P
}

/** Options of trace. */
export interface TraceOptions {
  /** Whether to look ahead along the velocity: false unless given. */
  readonly nesterov?: boolean
}

/** The rule of trace. */
export interface TraceRule extends TransformRule {
  readonly State: Trace<this["P"]>
  readonly Options: Required<TraceOptions> & { readonly momentum: Hyper }
}

/**
 * Momentum: `u' = momentum u + g`, `g' = u'`; with `nesterov` `g' = g + momentum u'`. See `sgd`. The momentum may be a
 * schedule or a scalar.
 *
 * Source: Polyak 1964; Sutskever et al. 2013. Optax: `trace(decay, nesterov)`.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const trace = (momentum: Hyper, options: TraceOptions = {}): Transform<TraceRule> => {
  const o = validate("trace", { nesterov: false, ...options, momentum }, { momentum: hyper(fraction), nesterov: flag })
  return transform({
    name: "trace",
    options: o,
    slots: ["velocity"],
    scalars: (t) => ({ mu: hyperAt(o.momentum, T.sub(t, 1)) }),
    update: ({ grad, velocity }, { mu }) => {
      const next = ops.add(ops.mul(velocity, mu), grad)
      return { grad: o.nesterov ? ops.add(grad, ops.mul(next, mu)) : next, velocity: next }
    },
    stages: ({ grad }, { velocity }, { mu }) => ({
      stages: [
        ["momentum", velocity],
        ...(o.nesterov ? [["lookahead", ops.add(grad, ops.mul(velocity, mu))] as const] : [])
      ]
    })
  })
}
