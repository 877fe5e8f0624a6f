import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage, movingSquare } from "../moments.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { biasCorrection, f64 } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, flag, nonNegative, oneOf, rateOrSchedule, validate } from "../validation.ts"

/** The state of Adan. */
export interface AdanState<P> extends Stepped<P> {
  /** The moving average of gradients, zero at first. */
  readonly m: P
  /** The moving average of differences of gradients, zero at first. */
  readonly d: P
  /** The moving average of squares of the gradient that is looked ahead to, zero at first. */
  readonly n: P
  /** The last gradient, zero at first. */
  readonly previous: P
}

/** Options of Adan. */
export interface AdanOptions {
  /** eta, 1e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** How much of m is kept: 0.98 unless given. The paper's beta1 is 1 minus it, and so on. */
  readonly beta1?: number
  /** How much of d is kept: 0.92 unless given. */
  readonly beta2?: number
  /** How much of n is kept: 0.99 unless given. */
  readonly beta3?: number
  /** Outside the root: 1e-8 unless given. */
  readonly epsilon?: number
  /** lambda, 0 unless given. */
  readonly weightDecay?: number
  /**
   * `"proximal"` divides the result by `1 + eta lambda` (the paper; the default), `"decoupled"` multiplies the parameters by
   * `1 - eta lambda` first (Optax; `no_prox` in the authors' code).
   */
  readonly weightDecayMode?: "proximal" | "decoupled"
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of Adan. */
export interface AdanRule extends Rule {
  readonly State: AdanState<this["P"]>
  readonly Options: Required<AdanOptions>
}

/** Adan in words. */
export const adanDocument = document({
  name: "adan",
  summary: "Adam with Nesterov's look-ahead, made of differences of gradients instead of gradients at another point.",
  equation:
    "m' = beta1 m + (1 - beta1) g, d' = beta2 d + (1 - beta2) (g - g_previous), n' = beta3 n + (1 - beta3) (g + beta2 (g - g_previous))^2, theta' = (theta - eta (m' / c1 + beta2 d' / c2) / (sqrt(n' / c3) + epsilon)) / (1 + eta lambda), c_i = 1 - beta_i^t",
  source: "Xie et al. 2022, Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models, algorithm 1",
  slots: {
    m: "the moving average of gradients",
    d: "the moving average of their differences",
    n: "the moving average of squares of the gradient looked ahead to",
    previous: "the last gradient"
  },
  conventions: {
    beta1: "what is kept, as in the authors' code and Optax; the paper's beta1, beta2 and beta3 are 1 minus ours",
    weightDecayMode: '"proximal" in the paper, "decoupled" in Optax'
  },
  traits: { scaleInvariant: true }
})

/**
 * Adan: with moving averages m of gradients g, d of their differences and n of squares of `g + beta2 (g - g_previous)`,
 * `theta' = (theta - eta (m' / c1 + beta2 d' / c2) / (sqrt(n' / c3) + epsilon)) / (1 + eta lambda)`, `c_i = 1 - beta_i^t`.
 * The first difference is 0. With `beta2: 0` this is Adam of beta1 and beta3.
 *
 * Source: Xie et al. 2022, Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models, algorithm 1, with the
 * bias corrections and the meaning of the betas of the authors' code, which Optax shares. The paper instead starts its
 * averages from the first gradient. Conventions: `beta1`, `beta2`, `beta3`, `weightDecayMode`.
 *
 * ```ts
 * const state = adan().init({ w: T.zeros([20, 1]) })       // AdanState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adan = (options: AdanOptions = {}): Optimizer<AdanRule> => {
  const complete: Required<AdanOptions> = {
    learningRate: 1e-3,
    beta1: 0.98,
    beta2: 0.92,
    beta3: 0.99,
    epsilon: 1e-8,
    weightDecay: 0,
    weightDecayMode: "proximal",
    maximize: false,
    ...options
  }
  const o = validate("adan", complete, {
    learningRate: rateOrSchedule,
    beta1: decayFactor,
    beta2: decayFactor,
    beta3: decayFactor,
    epsilon: nonNegative,
    weightDecay: nonNegative,
    weightDecayMode: oneOf("proximal", "decoupled"),
    maximize: flag
  })
  const proximal = o.weightDecayMode === "proximal"
  return optimizer({
    name: "adan",
    options: o,
    slots: ["m", "d", "n", "previous"],
    optional: [],
    scalars: ({ t, rate }) => {
      const shrinking = T.mul(rate, o.weightDecay)
      return {
        descent: T.neg(rate),
        c1: biasCorrection(o.beta1, t),
        ahead: T.div(f64(o.beta2), biasCorrection(o.beta2, t)),
        c3: biasCorrection(o.beta3, t),
        // There is no difference before the second step.
        known: T.cast(T.greater(t, 1), "f64"),
        left: proximal ? T.div(f64(1), T.add(shrinking, 1)) : T.sub(f64(1), shrinking)
      }
    },
    update: (leaf, { descent, c1, ahead, c3, known, left }) => {
      const g = o.maximize ? ops.neg(leaf.grad) : leaf.grad
      const difference = ops.mul(ops.sub(g, leaf.previous), known)
      const m = movingAverage(leaf.m, g, o.beta1)
      const d = movingAverage(leaf.d, difference, o.beta2)
      const n = movingSquare(leaf.n, ops.add(g, ops.mul(difference, o.beta2)), o.beta3)
      const direction = ops.div(
        ops.add(ops.div(m, c1), ops.mul(d, ahead)),
        ops.add(ops.sqrt(ops.div(n, c3)), o.epsilon)
      )
      const change = ops.mul(direction, descent)
      const moved = (from: typeof leaf.params) => ops.add(from, change)
      const params =
        o.weightDecay === 0
          ? moved(leaf.params)
          : proximal
            ? ops.mul(moved(leaf.params), left)
            : moved(ops.mul(leaf.params, left))
      return { params, m, d, n, previous: g }
    }
  })
}
