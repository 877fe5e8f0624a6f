/** Looking at values inside a program. */
import { checkOperand, face } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { DType } from "../dtype.ts"
import type { Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"

/** A tap that waits for what it shows. */
export interface TapBy {
  <S extends Shape, D extends DType>(self: Tensor<S, D>): Tensor<S, D>
}

/** The identity under a label. */
export interface Tap {
  (label: string): TapBy
  <S extends Shape, D extends DType>(self: Tensor<S, D>, label: string): Tensor<S, D>
}

const tapOf = (operation: string, observes: "value" | "pullback"): Tap =>
  face(2, (x: AnyTensor, label: string) => {
    checkOperand(operation, "any", x)
    const [y = x] = ops.tap([x], { label, observes })
    return y
  })

/**
 * Shows a value to whoever runs the program: `T.tap(x, "logits")` is `x`, in value and in every derivative. Use the result:
 * what no result needs is not computed and not shown.
 *
 * The observer is an option of `Compute.compile`, `Compute.session` and `Compute.eval`, or of the layer (`Compute.instrumented`).
 * Without one the tap is left out of the program. In `scan` the values of all steps are stacked, under `vmap` the whole
 * batch is shown; two taps of one label are two events, in the order in which they were built. The name is RxJS's and
 * Effect's; JAX has `jax.debug.callback` for it.
 */
export const tap: Tap = tapOf("tap", "value")

/**
 * Shows the cotangent of a value, the gradient of whatever is differentiated with respect to it: `T.tapGradient(h, "h")`
 * is `h`. In reverse mode the event `{ label: "h", observes: "gradient", value }` bears what arrives at `h`; without
 * reverse mode nothing is shown. PyTorch has `register_hook` for it.
 */
export const tapGradient: Tap = tapOf("tapGradient", "pullback")
