import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { f64 } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { nonNegative, rateOrSchedule, validate } from "../validation.ts"
import { decayDefaults, decayed, type DecayOptions, decayRequirements, descended, keptBy } from "../weightDecay.ts"
import { asgdStages } from "../explain/plain.ts"

/** The state of averaged SGD. */
export interface AsgdState<P> extends Stepped<P> {
  /** The average of the parameters: what `evalParams` gives. */
  readonly average: P
}

/** Options of averaged SGD. The defaults are PyTorch's. */
export interface AsgdOptions extends DecayOptions {
  /** eta_0, 0.01 unless given. */
  readonly learningRate?: number | Schedule
  /** lambda, which weights shrink by and the rate falls with: 1e-4 unless given. */
  readonly lambda?: number
  /** The power by which the rate falls: 0.75 unless given. */
  readonly power?: number
  /** The step after which parameters are averaged: 1e6 unless given. */
  readonly averageAfter?: number
}

/** The rule of averaged SGD. */
export interface AsgdRule extends Rule {
  readonly State: AsgdState<this["P"]>
  readonly Options: Required<AsgdOptions>
}

/** Averaged SGD in words. */
export const asgdDocument = document({
  name: "asgd",
  summary: "Gradient descent at a falling rate whose parameters are averaged.",
  equation:
    "theta' = (1 - lambda eta_t) theta - eta_t g, eta_t = eta_0 / (1 + lambda eta_0 (t - 1))^power, a' = a + (theta' - a) / max(1, t - 1 - averageAfter)",
  source:
    "Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging; Bottou 2012, Stochastic Gradient Descent Tricks, section 5",
  slots: { average: "the average of the parameters, which is evaluated" },
  conventions: { averageAfter: "1e6 in PyTorch: before it the average is the parameters" },
  traits: { rests: false }
})

/**
 * Averaged stochastic gradient descent: `eta_t = eta_0 / (1 + lambda eta_0 (t - 1))^power`,
 * `theta' = (1 - lambda eta_t) theta - eta_t g`, and the average `a' = a + mu_t (theta' - a)` with
 * `mu_t = 1 / max(1, t - 1 - averageAfter)`, so that before `averageAfter` it is theta itself.
 *
 * Source: Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging; Bottou 2012, Stochastic
 * Gradient Descent Tricks, section 5. PyTorch: `torch.optim.ASGD`.
 *
 * ```ts
 * const optimizer = asgd({ learningRate: 0.1, averageAfter: 1000 })
 * const averaged = optimizer.evalParams(state)
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const asgd = (options: AsgdOptions = {}): Optimizer<AsgdRule> => {
  const complete: Required<AsgdOptions> = {
    learningRate: 0.01,
    lambda: 1e-4,
    power: 0.75,
    averageAfter: 1e6,
    ...decayDefaults,
    ...options
  }
  const o = validate("asgd", complete, {
    learningRate: rateOrSchedule,
    lambda: nonNegative,
    power: nonNegative,
    averageAfter: nonNegative,
    ...decayRequirements
  })
  return optimizer({
    name: "asgd",
    options: o,
    slots: ["average"],
    optional: [],
    stages: asgdStages(o),
    initial: { average: "params" },
    evaluated: "average",
    scalars: ({ t, rate }) => {
      const before = T.sub(t, 1)
      const eta = T.div(rate, T.pow(T.add(T.mul(T.mul(rate, before), o.lambda), 1), o.power))
      return {
        descent: T.neg(eta),
        shrunk: T.sub(f64(1), T.mul(eta, o.lambda)),
        weight: T.div(f64(1), T.maximum(T.sub(before, o.averageAfter), 1)),
        left: keptBy(eta, o)
      }
    },
    update: (leaf, { descent, shrunk, weight, left }) => {
      const g = descended(leaf.grad, leaf.params, o)
      const params = ops.add(ops.mul(decayed(leaf.params, left, o), shrunk), ops.mul(g, descent))
      return { params, average: ops.add(leaf.average, ops.mul(ops.sub(params, leaf.average), weight)) }
    }
  })
}
