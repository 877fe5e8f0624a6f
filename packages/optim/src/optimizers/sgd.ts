import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { type MomentumOptions, push, type VelocityMode } from "../momentum.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { f64 } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { flag, fraction, oneOf, orAbsent, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { sgdStages } from "../explain/plain.ts"

/** The state of sgd without momentum. */
export interface SgdState<P> extends Stepped<P> {}

/** The state of sgd with momentum. */
export interface MomentumState<P> extends Stepped<P> {
  /** The velocity u, zero at first. */
  readonly velocity: P
}

/** Options of sgd. `M` is `undefined` where no momentum is given. */
export interface SgdOptions<M extends number | undefined = number | undefined> extends DecayOptions {
  readonly learningRate: number | Schedule
  /** mu, usually 0.9; without it the state has no velocity. */
  readonly momentum?: M
  /** By how much a new gradient counts less, from the second step on: 0 unless given. PyTorch only. */
  readonly dampening?: number
  /** Whether to look ahead along the velocity: false unless given. */
  readonly nesterov?: boolean
  /** What the velocity sums up: `"gradients"` (PyTorch, Optax; the default) or `"steps"` (Keras). */
  readonly velocityMode?: VelocityMode
}

/** The options of an sgd, defaults filled in. */
export type SgdSettings = Required<Omit<SgdOptions, "momentum">> & { readonly momentum: number | undefined }

/** The rule of sgd without momentum. */
export interface SgdRule extends Rule {
  readonly State: SgdState<this["P"]>
  readonly Options: SgdSettings
}

/** The rule of sgd with momentum. */
export interface MomentumRule extends Rule {
  readonly State: MomentumState<this["P"]>
  readonly Options: SgdSettings
}

/** The rule that sgd has with a momentum of type M. */
export type SgdRuleOf<M extends number | undefined> = M extends undefined ? SgdRule : MomentumRule

/** Stochastic gradient descent in words. */
export const sgdDocument = document({
  name: "sgd",
  summary: "A step down the gradient, or along a velocity that remembers earlier gradients.",
  equation: "u' = mu u + (1 - dampening) g, theta' = theta - eta u'; with nesterov theta' = theta - eta (g + mu u')",
  source:
    "Polyak 1964, Some methods of speeding up the convergence of iteration methods; Nesterov 1983; Sutskever et al. 2013, On the importance of initialization and momentum in deep learning, equations 1 to 4",
  slots: { velocity: "the velocity, with momentum" },
  conventions: {
    velocityMode: "the velocity sums gradients (PyTorch, Optax) or steps (Keras)",
    weightDecayMode: "an L2 term (PyTorch) or decoupled (Keras)",
    dampening: "PyTorch only; the first gradient is not dampened"
  }
})

/**
 * Stochastic gradient descent with momentum: `u' = mu u + (1 - dampening) g`, `theta' = theta - eta u'`; with `nesterov`
 * `theta' = theta - eta (g + mu u')`. The first velocity is g, not dampened.
 *
 * Conventions: `velocityMode` says whether the velocity sums gradients (PyTorch, Optax) or steps (Keras);
 * `weightDecayMode` whether decay is an L2 term (PyTorch) or decoupled (Keras). Presets: `presets.torch.sgd` and so on.
 *
 * Sources: Polyak 1964 (heavy ball); Nesterov 1983; Sutskever et al. 2013, On the importance of initialization and
 * momentum in deep learning, equations 1 to 4.
 *
 * ```ts
 * const momentum = sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })
 * const state = momentum.init({ w: T.zeros([20, 1]) })     // MomentumState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const sgd = <M extends number | undefined = undefined>(options: SgdOptions<M>): Optimizer<SgdRuleOf<M>> => {
  const complete: SgdSettings = {
    momentum: undefined,
    dampening: 0,
    nesterov: false,
    velocityMode: "gradients",
    ...decayDefaults,
    ...options
  }
  const o = validate(
    "sgd",
    complete,
    {
      learningRate: rateOrSchedule,
      momentum: orAbsent(fraction),
      dampening: fraction,
      nesterov: flag,
      velocityMode: oneOf("gradients", "steps"),
      ...decayRequirements
    },
    [
      { holds: (s) => !s.nesterov || (s.momentum ?? 0) > 0, otherwise: "nesterov needs a momentum above 0" },
      { holds: (s) => !s.nesterov || s.dampening === 0, otherwise: "nesterov needs a dampening of 0" },
      { holds: (s) => s.dampening === 0 || s.momentum !== undefined, otherwise: "dampening needs a momentum" },
      {
        holds: (s) => s.dampening === 0 || s.velocityMode === "gradients",
        otherwise: 'dampening needs velocityMode "gradients"'
      }
    ]
  )
  const momentum: MomentumOptions = { momentum: o.momentum ?? 0, nesterov: o.nesterov, velocityMode: o.velocityMode }
  return optimizer({
    name: "sgd",
    options: o,
    slots: [],
    optional: o.momentum === undefined ? [] : ["velocity"],
    stages: sgdStages(o),
    scalars: ({ t, rate }) => ({
      descent: T.neg(rate),
      kept: keptBy(rate, o),
      weight: T.where(T.equal(t, 1), f64(1), 1 - o.dampening)
    }),
    update: ({ params, grad, velocity }, { descent, kept, weight }) => {
      const g = descended(grad, params, o)
      const from = decayed(params, kept, o)
      if (velocity === undefined) return { params: ops.add(from, ops.mul(g, descent)) }
      const next = push(g, velocity, momentum, o.dampening === 0 ? { descent } : { descent, weight })
      return { params: ops.add(from, next.change), velocity: next.velocity }
    }
  })
}
