import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingSquare } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, positive, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { adadeltaStages } from "../explain/adaptive.ts"

/** The state of Adadelta. */
export interface AdadeltaState<P> extends Stepped<P> {
  /** The moving average of squared gradients, zero at first. */
  readonly v: P
  /** The moving average of squared steps, zero at first. */
  readonly d: P
}

/** Options of Adadelta. */
export interface AdadeltaOptions extends DecayOptions {
  /** 1 unless given; 0.001 in Keras. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given; 0.95 in Keras. */
  readonly rho?: number
  /** 1e-6 unless given; 1e-7 in Keras. It also sets the size of the first step. */
  readonly epsilon?: number
}

/** The rule of Adadelta. */
export interface AdadeltaRule extends Rule {
  readonly State: AdadeltaState<this["P"]>
  readonly Options: Required<AdadeltaOptions>
}

/** Adadelta in words. */
export const adadeltaDocument = document({
  name: "adadelta",
  summary: "Gradients scaled by the ratio of the sizes of past steps and past gradients.",
  equation:
    "v' = rho v + (1 - rho) g^2, s = sqrt(d + epsilon) / sqrt(v' + epsilon) g, d' = rho d + (1 - rho) s^2, theta' = theta - eta s",
  source: "Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method, algorithm 1",
  slots: { v: "the moving average of squared gradients", d: "the moving average of squared steps" },
  conventions: { learningRate: "1 in PyTorch, 0.001 in Keras", rho: "0.9 in PyTorch and Optax, 0.95 in Keras" }
})

/**
 * Adadelta: `v' = rho v + (1 - rho) g^2`, `s = sqrt(d + epsilon) / sqrt(v' + epsilon) g`, `d' = rho d + (1 - rho) s^2`,
 * `theta' = theta - eta s`: the step has the parameter's unit, so no rate need be chosen.
 *
 * Source: Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method, algorithm 1. The frameworks agree on the rule and
 * differ in defaults; presets `presets.torch.adadelta` and so on.
 *
 * ```ts
 * const state = adadelta().init({ w: T.zeros([20, 1]) })   // AdadeltaState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adadelta = (options: AdadeltaOptions = {}): Optimizer<AdadeltaRule> => {
  const complete: Required<AdadeltaOptions> = { learningRate: 1, rho: 0.9, epsilon: 1e-6, ...decayDefaults, ...options }
  const o = validate("adadelta", complete, {
    learningRate: rateOrSchedule,
    rho: decayFactor,
    epsilon: positive,
    ...decayRequirements
  })
  return optimizer({
    name: "adadelta",
    options: o,
    slots: ["v", "d"],
    optional: [],
    stages: adadeltaStages(o),
    scalars: ({ rate }) => ({ descent: T.neg(rate), left: keptBy(rate, o) }),
    update: (leaf, { descent, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const v = movingSquare(leaf.v, g, o.rho)
      const step = ops.mul(ops.div(ops.sqrt(ops.add(leaf.d, o.epsilon)), ops.sqrt(ops.add(v, o.epsilon))), g)
      return {
        params: ops.add(decayed(leaf.params, left, o), ops.mul(step, descent)),
        v,
        d: movingSquare(leaf.d, step, o.rho)
      }
    }
  })
}
