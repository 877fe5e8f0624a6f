import { operations as ops } from "@cotangent/graph"
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
  readonly Options: Required<TraceOptions> & { readonly momentum: number }
}

/**
 * Momentum: `u' = momentum u + g`, `g' = u'`; with `nesterov` `g' = g + momentum u'`. See `sgd`.
 *
 * Source: Polyak 1964; Sutskever et al. 2013. Optax: `trace(decay, nesterov)`.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const trace = (momentum: number, options: TraceOptions = {}): Transform<TraceRule> => {
  const o = validate("trace", { nesterov: false, ...options, momentum }, { momentum: fraction, nesterov: flag })
  return transform({
    name: "trace",
    options: o,
    slots: ["velocity"],
    scalars: () => ({}),
    update: ({ grad, velocity }) => {
      const next = ops.add(ops.mul(velocity, o.momentum), grad)
      return { grad: o.nesterov ? ops.add(grad, ops.mul(next, o.momentum)) : next, velocity: next }
    }
  })
}
