/** Losses of numbers by their logarithms and shares. */
import { T } from "@cotangent/graph"
import { each, type ElementLoss, elementLoss } from "./loss.ts"
import type { Floats } from "./reduction.ts"

/**
 * `L = ln cosh(y - t)`: half the square near the target, `|y - t| - ln 2` far from it, smooth everywhere. Computed as
 * `e + softplus(-2 e) - ln 2` with `e = y - t`, which does not overflow. Keras's `LogCosh`.
 */
export const logCosh: ElementLoss = elementLoss({
  name: "logCosh",
  targets: "values",
  elements: (y, t) => {
    const e: Floats = T.sub(y, t)
    return T.sub(T.add(e, T.softplus(T.mul(e, -2))), Math.LN2)
  }
})

/** `L = 100 |y - t| / max(|t|, 1e-7)`, in per cent of the target. Keras's `MeanAbsolutePercentageError`. */
export const meanAbsolutePercentageError: ElementLoss = elementLoss({
  name: "meanAbsolutePercentageError",
  targets: "values",
  elements: (y, t) => T.mul(T.div(T.abs(T.sub(y, t)), T.maximum(T.abs(t), 1e-7)), 100)
})

const logarithm = (x: Floats): Floats => T.log1p(T.maximum(x, 1e-7))

/**
 * `L = (ln(1 + y) - ln(1 + t))^2`, of y and t that are kept at 1e-7 or more: for numbers whose shares matter. Keras's
 * `MeanSquaredLogarithmicError`.
 */
export const meanSquaredLogarithmicError: ElementLoss = elementLoss({
  name: "meanSquaredLogarithmicError",
  targets: "values",
  elements: (y, t) => T.square(T.sub(logarithm(y), logarithm(t))),
  rule: each(
    (x) => x >= 0 && Number.isFinite(x),
    () => "a number, 0 or more"
  )
})

/** `L = y - t ln(y + 1e-7)` for a rate y and a count t, less what does not depend on y. Keras's `Poisson`. */
export const poisson: ElementLoss = elementLoss({
  name: "poisson",
  targets: "values",
  elements: (y, t) => T.sub(y, T.mul(t, T.log(T.add(y, 1e-7)))),
  rule: each(
    (x) => x >= 0 && Number.isFinite(x),
    () => "a count, 0 or more"
  )
})
