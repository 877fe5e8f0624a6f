/** Losses for numbers: distances between output and target, element by element. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type ElementLoss, elementLoss } from "./loss.ts"

/** `L = (y - t)^2`. */
export const meanSquaredError: ElementLoss = elementLoss({
  name: "meanSquaredError",
  targets: "values",
  elements: (y, t) => T.square(T.sub(y, t))
})

/** `L = |y - t|`, slope 0 where they are equal. */
export const meanAbsoluteError: ElementLoss = elementLoss({
  name: "meanAbsoluteError",
  targets: "values",
  elements: (y, t) => T.abs(T.sub(y, t))
})

/** Options of huber. */
export interface HuberOptions {
  /** Where the parabola becomes a line; 1 unless given. */
  readonly delta?: number
}

/**
 * With `e = |y - t|`: `L = e^2 / 2` for `e <= delta`, else `delta (e - delta / 2)`: squared near the target, absolute far
 * from it. Huber 1964; Keras's Huber and PyTorch's HuberLoss. Throws OptionError unless `delta > 0`.
 */
export const huber = ({ delta = 1 }: HuberOptions = {}): ElementLoss => {
  if (!(delta > 0 && Number.isFinite(delta))) throw optionError("huber: delta", "a positive number", delta)
  return elementLoss({
    name: "huber",
    targets: "values",
    elements: (y, t) => {
      const d = T.sub(y, t)
      const e = T.abs(d)
      return T.where(T.lessEqual(e, delta), T.mul(T.square(d), 0.5), T.mul(T.sub(e, delta / 2), delta))
    }
  })
}
