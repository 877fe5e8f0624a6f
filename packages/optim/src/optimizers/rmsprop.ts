import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { flushed, movingAverage, movingSquare } from "../moments.ts"
import { type MomentumOptions, push, type VelocityMode } from "../momentum.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, flag, fraction, nonNegative, oneOf, orAbsent, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { rmspropStages } from "../explain/adaptive.ts"

/** The state of RMSprop. */
export interface RmspropState<P> extends Stepped<P> {
  /** The moving average of squared gradients, zero at first. */
  readonly v: P
}

/** The state of centered RMSprop. */
export interface CenteredRmspropState<P> extends RmspropState<P> {
  /** The moving average of gradients, zero at first. */
  readonly m: P
}

/** The state of RMSprop with momentum. */
export interface RmspropMomentumState<P> extends RmspropState<P> {
  /** The velocity u, zero at first. */
  readonly velocity: P
}

/** The state of centered RMSprop with momentum. */
export interface CenteredRmspropMomentumState<P> extends CenteredRmspropState<P>, RmspropMomentumState<P> {}

/** Options of RMSprop. `C` and `M` decide what the state remembers. */
export interface RmspropOptions<
  C extends boolean = boolean,
  M extends number | undefined = number | undefined
> extends DecayOptions {
  /** 0.01 unless given. */
  readonly learningRate?: number | Schedule
  /** The smoothing constant (PyTorch's alpha, Keras's rho, Optax's decay): 0.99 unless given, 0.9 in Keras and Optax. */
  readonly rho?: number
  /** 1e-8 unless given. */
  readonly epsilon?: number
  /** `"outside"` the root, `sqrt(v) + epsilon` (PyTorch; the default), or `"inside"`, `sqrt(v + epsilon)` (Keras, Optax). */
  readonly epsilonMode?: "outside" | "inside"
  /** Whether to divide by the standard deviation, `v - m^2`, instead of the root mean square. */
  readonly centered?: C
  /** mu; without it the state has no velocity. */
  readonly momentum?: M
  /** What the velocity sums up: `"gradients"` (PyTorch; the default) or `"steps"` (Keras, Optax). */
  readonly velocityMode?: VelocityMode
  /** Whether moments too small to be normal numbers become 0: false unless given. */
  readonly flushTiny?: boolean
}

/** The options of an RMSprop, defaults filled in. */
export type RmspropSettings = Required<Omit<RmspropOptions, "momentum">> & { readonly momentum: number | undefined }

/** The rule of RMSprop. */
export interface RmspropRule extends Rule {
  readonly State: RmspropState<this["P"]>
  readonly Options: RmspropSettings
}

/** The rule of centered RMSprop. */
export interface CenteredRmspropRule extends Rule {
  readonly State: CenteredRmspropState<this["P"]>
  readonly Options: RmspropSettings
}

/** The rule of RMSprop with momentum. */
export interface RmspropMomentumRule extends Rule {
  readonly State: RmspropMomentumState<this["P"]>
  readonly Options: RmspropSettings
}

/** The rule of centered RMSprop with momentum. */
export interface CenteredRmspropMomentumRule extends Rule {
  readonly State: CenteredRmspropMomentumState<this["P"]>
  readonly Options: RmspropSettings
}

/** The rule that RMSprop has with these options. */
export type RmspropRuleOf<C extends boolean, M extends number | undefined> = M extends undefined
  ? C extends true
    ? CenteredRmspropRule
    : RmspropRule
  : C extends true
    ? CenteredRmspropMomentumRule
    : RmspropMomentumRule

/** RMSprop in words. */
export const rmspropDocument = document({
  name: "rmsprop",
  summary: "Gradients divided by the root of a moving average of their squares.",
  equation:
    "v' = rho v + (1 - rho) g^2, theta' = theta - eta g / (sqrt(v') + epsilon); centered, v' is replaced by v' - m'^2",
  source:
    "Tieleman and Hinton 2012, lecture 6.5 of Neural Networks for Machine Learning; centered: Graves 2013, Generating Sequences With Recurrent Neural Networks, equations 38 to 45",
  slots: {
    v: "the moving average of squared gradients",
    m: "the moving average of gradients, if centered",
    velocity: "the velocity, with momentum"
  },
  conventions: {
    epsilonMode: "outside the root (PyTorch) or inside it (Keras, Optax)",
    velocityMode: "the velocity sums quotients (PyTorch) or steps (Keras, Optax)",
    rho: "0.99 in PyTorch, 0.9 in Keras and Optax",
    weightDecayMode: "an L2 term (PyTorch) or decoupled (Keras)"
  },
  traits: { scaleInvariant: true }
})

/**
 * RMSprop: `v' = rho v + (1 - rho) g^2`, `theta' = theta - eta g / (sqrt(v') + epsilon)`. Centered, v' is replaced by
 * `v' - m'^2` with `m' = rho m + (1 - rho) g`; with momentum, the quotient is the direction d of `u' = mu u + d`.
 *
 * Conventions: `epsilonMode`, `velocityMode` and `weightDecayMode`; presets `presets.torch.rmsprop` and so on. There is no
 * bias correction: the first steps are up to `1 / sqrt(1 - rho)` times larger than later ones.
 *
 * Sources: Tieleman and Hinton 2012, lecture 6.5 of Neural Networks for Machine Learning; centered: Graves 2013,
 * Generating Sequences With Recurrent Neural Networks, equations 38 to 45.
 *
 * ```ts
 * const rms = rmsprop({ ...presets.keras.rmsprop, learningRate: 1e-3, centered: true })
 * const state = rms.init({ w: T.zeros([20, 1]) })          // CenteredRmspropState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const rmsprop = <C extends boolean = false, M extends number | undefined = undefined>(
  options: RmspropOptions<C, M> = {}
): Optimizer<RmspropRuleOf<C, M>> => {
  const complete: RmspropSettings = {
    learningRate: 0.01,
    rho: 0.99,
    epsilon: 1e-8,
    epsilonMode: "outside",
    centered: false,
    momentum: undefined,
    velocityMode: "gradients",
    flushTiny: false,
    ...decayDefaults,
    ...options
  }
  const o = validate("rmsprop", complete, {
    learningRate: rateOrSchedule,
    rho: decayFactor,
    epsilon: nonNegative,
    epsilonMode: oneOf("outside", "inside"),
    centered: flag,
    momentum: orAbsent(fraction),
    velocityMode: oneOf("gradients", "steps"),
    flushTiny: flag,
    ...decayRequirements
  })
  const momentum: MomentumOptions = { momentum: o.momentum ?? 0, nesterov: false, velocityMode: o.velocityMode }
  const kept = o.flushTiny ? flushed : <A>(x: A): A => x
  return optimizer({
    name: "rmsprop",
    options: o,
    slots: ["v"],
    optional: [...(o.centered ? (["m"] as const) : []), ...(o.momentum === undefined ? [] : (["velocity"] as const))],
    stages: rmspropStages(o),
    scalars: ({ rate }) => ({ descent: T.neg(rate), left: keptBy(rate, o) }),
    update: (leaf, { descent, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const from = decayed(leaf.params, left, o)
      const v = kept(movingSquare(leaf.v, g, o.rho))
      const m = leaf.m === undefined ? undefined : kept(movingAverage(leaf.m, g, o.rho))
      const spread = m === undefined ? v : ops.sub(v, ops.mul(m, m))
      const divisor =
        o.epsilonMode === "inside" ? ops.sqrt(ops.add(spread, o.epsilon)) : ops.add(ops.sqrt(spread), o.epsilon)
      if (leaf.velocity === undefined) return { params: ops.add(from, ops.div(ops.mul(g, descent), divisor)), v, m }
      const { change, velocity } = push(ops.div(g, divisor), leaf.velocity, momentum, { descent })
      return { params: ops.add(from, change), v, m, velocity }
    }
  })
}
