import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import {
  corrections,
  denominator,
  type EpsilonMode,
  flushed,
  momentRequirements,
  movingAverage,
  movingSquare,
  rootRelation
} from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { flag, oneOf, rateOrSchedule, type Relation, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { adamStages } from "../explain/adaptive.ts"

/** The state of Adam. */
export interface AdamState<P> extends Stepped<P> {
  /** The first moment: the moving average of gradients, zero at first. */
  readonly m: P
  /** The second moment: the moving average of squared gradients, zero at first. */
  readonly v: P
}

/** The state of AMSGrad. */
export interface AmsgradState<P> extends AdamState<P> {
  /** The largest second moment so far: of v (`"raw"`) or of the bias-corrected v (`"corrected"`). */
  readonly vMax: P
}

/**
 * Whether to use the maximum over time of the second moment, and which: `"raw"` (PyTorch, Keras: the maximum of v,
 * corrected at every step) or `"corrected"` (Optax: the maximum of the corrected v, as in Reddi et al. with Adam's
 * corrections).
 */
export type AmsgradMode = false | "raw" | "corrected"

/** Options of Adam. `A` decides whether the state has `vMax`. */
export interface AdamOptions<A extends AmsgradMode = AmsgradMode> extends DecayOptions {
  /** alpha, 1e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
  /** 1e-8 unless given; 1e-7 in Keras. */
  readonly epsilon?: number
  /** Where epsilon stands: `"outside"` (PyTorch, Optax; the default), `"inside"`, or `"hat"` (Keras). */
  readonly epsilonMode?: EpsilonMode
  /**
   * Optax's eps_root: a second epsilon inside the root in mode `"outside"`, 0 unless given. Needed to differentiate
   * through an update: without it the root has no finite slope where a moment is 0.
   */
  readonly epsilonRoot?: number
  /** The maximum of the second moment: false unless given. */
  readonly amsgrad?: A
  /** Whether moments too small to be normal numbers become 0: false unless given. */
  readonly flushTiny?: boolean
}

/** The options of an Adam, defaults filled in. */
export type AdamSettings = Required<AdamOptions>

/** The rule of Adam. */
export interface AdamRule extends Rule {
  readonly State: AdamState<this["P"]>
  readonly Options: AdamSettings
}

/** The rule of AMSGrad. */
export interface AmsgradRule extends Rule {
  readonly State: AmsgradState<this["P"]>
  readonly Options: AdamSettings
}

/** The rule that Adam has with this option. */
export type AdamRuleOf<A extends AmsgradMode> = A extends false ? AdamRule : AmsgradRule

/** Adam's options where none are given. */
export const adamDefaults = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  epsilonMode: "outside",
  epsilonRoot: 0,
  amsgrad: false,
  flushTiny: false,
  ...decayDefaults
} as const

const relations: ReadonlyArray<Relation<AdamSettings>> = [
  rootRelation,
  {
    holds: (o) => o.amsgrad !== "corrected" || o.epsilonMode !== "hat",
    otherwise:
      'amsgrad "corrected" needs the corrected second moment, which epsilonMode "hat" never forms; use "raw" (Keras) or another mode'
  }
]

const decoupledRelation: Relation<AdamSettings> = {
  holds: (o) => o.weightDecayMode === "decoupled",
  otherwise: 'adamw has weightDecayMode "decoupled"; for an L2 term use adam'
}

/** The rule of Adam under a name: Adam and AdamW differ in their defaults only. */
export const adamNamed = <A extends AmsgradMode>(name: string, settings: AdamSettings): Optimizer<AdamRuleOf<A>> => {
  const o = validate(
    name,
    settings,
    {
      learningRate: rateOrSchedule,
      ...momentRequirements,
      amsgrad: oneOf(false, "raw", "corrected"),
      flushTiny: flag,
      ...decayRequirements
    },
    name === "adamw" ? [...relations, decoupledRelation] : relations
  )
  const kept = o.flushTiny ? flushed : <X>(x: X): X => x
  const corrected = o.amsgrad === "corrected"
  return optimizer({
    name,
    options: o,
    slots: ["m", "v"],
    optional: o.amsgrad === false ? [] : ["vMax"],
    stages: adamStages(o),
    scalars: ({ t, rate }) => {
      const { c1, c2, rootC2 } = corrections(t, o)
      const size = o.epsilonMode === "hat" ? T.mul(rate, rootC2) : rate
      return { descent: T.neg(T.div(size, c1)), c2, rootC2, left: keptBy(rate, o) }
    },
    update: (leaf, { descent, c2, rootC2, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const m = kept(movingAverage(leaf.m, g, o.beta1))
      const v = kept(movingSquare(leaf.v, g, o.beta2))
      const vMax = leaf.vMax === undefined ? undefined : ops.max(leaf.vMax, corrected ? ops.div(v, c2) : v)
      const divisor = denominator(vMax ?? v, corrected, { c2, rootC2 }, o)
      return { params: ops.add(decayed(leaf.params, left, o), ops.div(ops.mul(m, descent), divisor)), m, v, vMax }
    }
  })
}

/** Adam in words. */
export const adamDocument = document({
  name: "adam",
  summary: "Moving averages of gradients and of their squares, both corrected for their start from zero.",
  equation:
    "m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) g^2, theta' = theta - alpha m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon)",
  source:
    "Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1; AMSGrad: Reddi, Kale and Kumar 2018, On the Convergence of Adam and Beyond, algorithm 2",
  slots: {
    m: "the moving average of gradients",
    v: "the moving average of squared gradients",
    vMax: "the largest v so far, with amsgrad"
  },
  conventions: {
    epsilonMode: "outside the root (PyTorch, Optax), inside it, or hat (Keras, TensorFlow, ONNX)",
    epsilonRoot: "Optax's eps_root",
    amsgrad: "the maximum of v (PyTorch, Keras) or of the corrected v (Optax)",
    weightDecayMode: "an L2 term (PyTorch) or decoupled (Keras)"
  },
  traits: { scaleInvariant: true }
})

/**
 * Adam: `m' = beta1 m + (1 - beta1) g`, `v' = beta2 v + (1 - beta2) g^2`,
 * `theta' = theta - alpha m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon)`.
 *
 * Source: Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1; `epsilonMode: "hat"` is the form
 * at the end of their section 2. AMSGrad: Reddi, Kale and Kumar 2018, On the Convergence of Adam and Beyond, algorithm 2.
 * Conventions: `epsilonMode`, `epsilonRoot`, `amsgrad`, `weightDecayMode`; presets `presets.torch.adam`,
 * `presets.keras.adam`, `presets.optax.adam`, and `amsgrad` beside them. Weight decay is an L2 term of the gradient unless
 * `weightDecayMode` says otherwise; see `adamw`.
 *
 * ```ts
 * const optimizer = adam({ learningRate: 1e-3 })
 * const step = (s: AdamState<Params>, x: X, y: Y) => optimizer.step(s, grad(loss)(s.params, x, y))
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adam = <A extends AmsgradMode = false>(options: AdamOptions<A> = {}): Optimizer<AdamRuleOf<A>> =>
  adamNamed("adam", { ...adamDefaults, ...options })
