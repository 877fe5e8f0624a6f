import { operations as ops, T } from "@cotangent/graph"
import { signalToNoise } from "../explain/stages.ts"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { denominator, type EpsilonMode, momentRequirements } from "../moments.ts"
import { biasCorrection, type Scalar } from "../scalar.ts"
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
  readonly beta1?: Hyper
  /** 0.999 unless given. */
  readonly beta2?: Hyper
  /** 1e-8 unless given. */
  readonly epsilon?: Hyper
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

const requirements = {
  ...momentRequirements,
  beta1: hyper(momentRequirements.beta1),
  beta2: hyper(momentRequirements.beta2),
  epsilon: hyper(momentRequirements.epsilon)
}

const rest = (beta: Scalar): Scalar => T.add(T.neg(beta), 1)

/**
 * The direction of Adam: `g' = m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon)`; see `adam`, which is this
 * direction, descended at a learning rate. The betas and epsilon may be schedules or scalars; the corrections then take
 * powers of the betas of this step, as Optax's `inject_hyperparams` does.
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
  const o = validate("scaleByAdam", complete, requirements, [
    {
      holds: ({ epsilonRoot, epsilonMode }) => epsilonRoot === 0 || epsilonMode === "outside",
      otherwise: 'epsilonRoot is the second epsilon of epsilonMode "outside"; leave it out, or change the mode'
    }
  ])
  const { epsilonMode, epsilonRoot } = o
  return transform({
    name: "scaleByAdam",
    options: o,
    slots: ["m", "v"],
    scalars: (t) => {
      const k = T.sub(t, 1)
      const [beta1, beta2, epsilon] = [hyperAt(o.beta1, k), hyperAt(o.beta2, k), hyperAt(o.epsilon, k)]
      const [c1, c2] = [biasCorrection(beta1, t), biasCorrection(beta2, t)]
      const rootC2 = T.sqrt(c2)
      return {
        beta1,
        rest1: rest(beta1),
        beta2,
        rest2: rest(beta2),
        epsilon,
        c1,
        // The denominator of mode "hat" comes without its correction.
        scale1: epsilonMode === "hat" ? T.div(c1, rootC2) : c1,
        c2,
        rootC2
      }
    },
    update: ({ grad, ...moments }, { beta1, rest1, beta2, rest2, epsilon, scale1, c2, rootC2 }) => {
      const m = ops.add(ops.mul(moments.m, beta1), ops.mul(grad, rest1))
      const v = ops.add(ops.mul(moments.v, beta2), ops.mul(ops.mul(grad, rest2), grad))
      const divisor = denominator(v, false, { c2, rootC2 }, { epsilon, epsilonMode, epsilonRoot })
      return { grad: ops.div(ops.div(m, scale1), divisor), m, v }
    },
    stages: (_, { m, v }, { epsilon, c1, scale1, c2, rootC2 }) => {
      const form = { epsilon, epsilonMode, epsilonRoot }
      const [first, second] = [ops.div(m, c1), ops.div(v, c2)]
      return {
        stages: [
          ["momentum", m],
          ["scaling", ops.div(m, denominator(v, true, { c2, rootC2 }, form))],
          ["correction", ops.div(ops.div(m, scale1), denominator(v, false, { c2, rootC2 }, form))]
        ],
        signalToNoise: signalToNoise(first, second)
      }
    }
  })
}
