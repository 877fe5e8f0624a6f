import { operations as ops, T } from "@cotangent/graph"
import { document } from "../document.ts"
import { movingAverage, movingSquare } from "../moments.ts"
import { type Optimizer, optimizer, type Rule } from "../optimizer.ts"
import { biasCorrection, power } from "../scalar.ts"
import type { Schedule } from "../schedule/schedule.ts"
import { decayFactor, rateOrSchedule, validate } from "../validation.ts"
import type { AdamState } from "./adam.ts"
import { adamAsPrintedStages } from "../explain/adaptive.ts"

/** Options of Adam as printed. There is no epsilon: the number 1 stands in its place. */
export interface AdamAsPrintedOptions {
  /** 1e-3 unless given. */
  readonly learningRate?: number | Schedule
  /** 0.9 unless given. */
  readonly beta1?: number
  /** 0.999 unless given. */
  readonly beta2?: number
}

/** The rule of Adam as printed. */
export interface AdamAsPrintedRule extends Rule {
  readonly State: AdamState<this["P"]>
  readonly Options: Required<AdamAsPrintedOptions>
}

/** Adam as printed in words. */
export const adamAsPrintedDocument = document({
  name: "adamAsPrinted",
  summary: "A teaching variant of Adam, as a guide to it prints the rule; not for training.",
  equation: "theta' = theta - alpha m' / (1 - beta1^t) / (1 + sqrt(v' / ((1 - beta2^t)^2 beta2^t)))",
  source: "a printed guide; the published rule is Kingma and Ba 2015, algorithm 1",
  slots: { m: "the moving average of gradients", v: "the moving average of squared gradients" },
  conventions: { epsilon: "there is none: the number 1 stands in its place" }
})

/**
 * A teaching variant, not for training: Adam as a guide to it prints the rule, with its three departures from the paper,
 * `theta' = theta - alpha m' / (1 - beta1^t) / (1 + sqrt(v' / ((1 - beta2^t)^2 beta2^t)))`.
 *
 * Against `adam`: 1 stands where the paper has epsilon, so small gradients make small steps; the bias of the second
 * moment is corrected twice; and v is divided by `beta2^t`, which goes to zero, so that the step size does too: after
 * `t = 2 ln(10) / -ln(beta2)`, about 4,600 steps, ten times. Compare the two on any problem to see what each of them does.
 * The published rule is `adam`: Kingma and Ba 2015, algorithm 1.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adamAsPrinted = (options: AdamAsPrintedOptions = {}): Optimizer<AdamAsPrintedRule> => {
  const complete = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, ...options }
  const o = validate(
    "adamAsPrinted",
    complete,
    { learningRate: rateOrSchedule, beta1: decayFactor, beta2: decayFactor },
    [{ holds: ({ beta2 }) => beta2 > 0, otherwise: "beta2 must be above 0: the rule divides by its powers" }]
  )
  return optimizer({
    name: "adamAsPrinted",
    options: o,
    slots: ["m", "v"],
    optional: [],
    stages: adamAsPrintedStages(o),
    scalars: ({ t, rate }) => ({
      descent: T.neg(T.div(rate, biasCorrection(o.beta1, t))),
      root: T.mul(biasCorrection(o.beta2, t), T.sqrt(power(o.beta2, t)))
    }),
    update: ({ params, grad, ...moments }, { descent, root }) => {
      const m = movingAverage(moments.m, grad, o.beta1)
      const v = movingSquare(moments.v, grad, o.beta2)
      return { params: ops.add(params, ops.div(ops.mul(m, descent), ops.add(ops.div(ops.sqrt(v), root), 1))), m, v }
    }
  })
}
