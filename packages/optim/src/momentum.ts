/** Momentum: a velocity that remembers earlier directions. */
import { type AnyTensor, operations as ops } from "@cotangent/graph"

/**
 * What the velocity u sums up, with direction d and rate eta:
 * `"gradients"` `u' = mu u + (1 - dampening) d`, `theta' = theta - eta u'` (PyTorch; Optax's sgd),
 * `"steps"` `u' = mu u - eta d`, `theta' = theta + u'` (Sutskever et al. 2013; Keras; Optax's rmsprop).
 * They agree while the rate is constant; after a change of rate, only the first changes the velocity it has.
 */
export type VelocityMode = "gradients" | "steps"

/** What momentum depends on. */
export interface MomentumOptions {
  readonly momentum: number
  readonly nesterov: boolean
  readonly velocityMode: VelocityMode
}

/** The next velocity, and the change of the parameters that follows. */
export interface Push {
  readonly velocity: AnyTensor
  readonly change: AnyTensor
}

/**
 * One step with momentum. `descent` is minus the rate; `weight` is what the new direction counts, 1 if absent.
 * With `nesterov`, the step looks ahead along the new velocity: the direction is `d + mu u'`.
 */
export const push = (
  direction: AnyTensor,
  velocity: AnyTensor,
  { momentum, nesterov, velocityMode }: MomentumOptions,
  { descent, weight }: { readonly descent: AnyTensor; readonly weight?: AnyTensor }
): Push => {
  const kept = ops.mul(velocity, momentum)
  const ahead = (step: AnyTensor, next: AnyTensor): AnyTensor =>
    nesterov ? ops.add(step, ops.mul(next, momentum)) : next
  if (velocityMode === "steps") {
    const step = ops.mul(direction, descent)
    const next = ops.add(kept, step)
    return { velocity: next, change: ahead(step, next) }
  }
  const next = ops.add(kept, weight === undefined ? direction : ops.mul(direction, weight))
  return { velocity: next, change: ops.mul(ahead(direction, next), descent) }
}
