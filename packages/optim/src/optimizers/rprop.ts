import { operations as ops } from "@cotangent/graph"
import { document } from "../document.ts"
import { type Optimizer, optimizer, type Rule, type Stepped } from "../optimizer.ts"
import { flag, fraction, number, positive, validate } from "../validation.ts"
import { rpropStages } from "../explain/plain.ts"

/** The state of Rprop. */
export interface RpropState<P> extends Stepped<P> {
  /** The step size of every element, the learning rate at first. */
  readonly size: P
  /** The gradient of the last step, zero where it had turned; zero at first. */
  readonly previous: P
}

/** Options of Rprop. The defaults are PyTorch's. */
export interface RpropOptions {
  /** The step size to begin with: 0.01 unless given. `state.learningRate` has no further effect. */
  readonly learningRate?: number
  /** What a step size is multiplied by when its gradient has turned: 0.5 unless given. */
  readonly shrink?: number
  /** What it is multiplied by when it has not: 1.2 unless given. */
  readonly grow?: number
  /** 1e-6 unless given. */
  readonly smallest?: number
  /** 50 unless given. */
  readonly largest?: number
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

/** The rule of Rprop. */
export interface RpropRule extends Rule {
  readonly State: RpropState<this["P"]>
  readonly Options: Required<RpropOptions>
}

/** Rprop in words. */
export const rpropDocument = document({
  name: "rprop",
  summary: "A step size for every element, which grows while its gradient keeps its sign and shrinks when it turns.",
  equation: "size' = clip(size (grow | shrink | 1)), theta' = theta - sign(g) size'",
  source:
    "Riedmiller and Braun 1993, A Direct Adaptive Method for Faster Backpropagation Learning; iRprop-: Igel and Husken 2000",
  slots: { size: "the step size of every element", previous: "the last gradient, zero where it had turned" },
  conventions: { turning: "an element whose gradient turned rests for one step, as in PyTorch" },
  traits: { scaleInvariant: true }
})

/**
 * Rprop: every element has a step size, which grows while the sign of its gradient stays and shrinks when it turns:
 * `size' = clip(size * (grow | shrink | 1))` by the sign of `g previous`, `theta' = theta - sign(g) size'`. Where the
 * gradient turned, the element rests for one step. For gradients of whole data sets: the signs of small batches are noise.
 *
 * Source: Riedmiller and Braun 1993; this is iRprop- of Igel and Husken 2000, as in PyTorch. Optax: `rprop`.
 *
 * ```ts
 * const state = rprop().init({ w: T.zeros([20, 1]) })      // RpropState<{ w: Tensor<[20, 1]> }>
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const rprop = (options: RpropOptions = {}): Optimizer<RpropRule> => {
  const complete: Required<RpropOptions> = {
    learningRate: 0.01,
    shrink: 0.5,
    grow: 1.2,
    smallest: 1e-6,
    largest: 50,
    maximize: false,
    ...options
  }
  const o = validate(
    "rprop",
    complete,
    {
      learningRate: positive,
      shrink: fraction,
      grow: number("a finite number, 1 or more", (x) => x >= 1),
      smallest: positive,
      largest: positive,
      maximize: flag
    },
    [{ holds: ({ smallest, largest }) => smallest <= largest, otherwise: "smallest must not be above largest" }]
  )
  return optimizer({
    name: "rprop",
    options: o,
    slots: ["size", "previous"],
    optional: [],
    stages: rpropStages(o.learningRate),
    initial: { size: o.learningRate },
    scalars: () => ({}),
    update: ({ params, grad, size, previous }) => {
      const g = o.maximize ? ops.neg(grad) : grad
      const agreement = ops.mul(g, previous)
      const zero = ops.full(g.shape, 0, g.dtype)
      const turned = ops.lt(agreement, zero)
      const factor = ops.select(
        turned,
        ops.full(g.shape, o.shrink, g.dtype),
        ops.select(ops.lt(zero, agreement), ops.full(g.shape, o.grow, g.dtype), 1)
      )
      const next = ops.min(ops.max(ops.mul(size, factor), o.smallest), o.largest)
      const used = ops.select(turned, 0, g)
      return { params: ops.sub(params, ops.mul(ops.sign(used), next)), size: next, previous: used }
    }
  })
}
