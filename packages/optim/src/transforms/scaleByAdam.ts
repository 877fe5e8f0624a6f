import { operations as ops } from "@cotangent/graph"
import {
  corrections,
  denominator,
  type EpsilonMode,
  momentRequirements,
  movingAverage,
  movingSquare,
  rootRelation
} from "../moments.ts"
import { type Transform, transform, type TransformRule } from "../transform.ts"
import { validate } from "../validation.ts"

/** The two moments of Adam. */
export interface Moments<P> {
  readonly m: P
  readonly v: P
}

/** Options of scaleByAdam: Adam's, as far as they concern the direction. */
export interface ScaleByAdamOptions {
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** 1e-8 unless given. */
  readonly epsilon?: number
  /** `"outside"` unless given. */
  readonly epsilonMode?: EpsilonMode
  /** 0 unless given. */
  readonly epsilonRoot?: number
}

/** The rule of scaleByAdam. */
export interface ScaleByAdamRule extends TransformRule {
  readonly State: Moments<this["P"]>
  readonly Options: Required<ScaleByAdamOptions>
}

/**
 * The direction of Adam: `g' = m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon)`; see `adam`, which is this
 * direction, descended at a learning rate.
 *
 * Source: Kingma and Ba 2015, algorithm 1. Optax: `scale_by_adam(b1, b2, eps, eps_root)`.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const scaleByAdam = (options: ScaleByAdamOptions = {}): Transform<ScaleByAdamRule> => {
  const complete: Required<ScaleByAdamOptions> = {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    epsilonMode: "outside",
    epsilonRoot: 0,
    ...options
  }
  const o = validate("scaleByAdam", complete, momentRequirements, [rootRelation])
  return transform({
    name: "scaleByAdam",
    options: o,
    slots: ["m", "v"],
    scalars: (t) => corrections(t, o),
    update: ({ grad, ...moments }, { c1, c2, rootC2 }) => {
      const m = movingAverage(moments.m, grad, o.beta1)
      const v = movingSquare(moments.v, grad, o.beta2)
      return { grad: ops.div(ops.div(m, c1), denominator(v, false, { c2, rootC2 }, o)), m, v }
    }
  })
}
