/** Hinge losses: what is right by a margin costs nothing. */
import { T } from "@cotangent/graph"
import { openHinge } from "./hinge.ts"
import { each, type ElementLoss, elementLoss, type RowLoss, rowLoss } from "./loss.ts"
import type { Floats } from "./reduction.ts"

const sides = each(
  (x) => x === -1 || x === 0 || x === 1,
  () => "-1 or 1 (or 0, which counts as -1)"
)

/** `1 - t y`, where a target of 0 counts as -1. */
const margin = (y: Floats, t: Floats): Floats => T.add(T.neg(T.mul(y, T.where(T.equal(t, 0), -1, t))), 1)

/** `L = max(1 - t y, 0)` for targets -1 and 1; 0 counts as -1, as Keras has it for targets 0 and 1. Keras's `Hinge`. */
export const hinge: ElementLoss = elementLoss({
  name: "hinge",
  targets: "values",
  elements: (y, t) => openHinge(margin(y, t)),
  rule: sides
})

/** `L = max(1 - t y, 0)^2`; see `hinge`. Keras's `SquaredHinge`. */
export const squaredHinge: ElementLoss = elementLoss({
  name: "squaredHinge",
  targets: "values",
  elements: (y, t) => T.square(openHinge(margin(y, t))),
  rule: sides
})

/**
 * `L = max(1 + max_(c wrong) y_c - y_right, 0)` per row, for one-hot targets: Keras's `CategoricalHinge`, which takes the
 * largest of `(1 - t_c) y_c` and so counts 0 as the output of the right class among the wrong ones, as this does.
 */
export const categoricalHinge: RowLoss<"values"> = rowLoss({
  name: "categoricalHinge",
  targets: "values",
  elements: (y, t) => {
    const right: Floats = T.sum(T.mul(t, y), { axis: -1 })
    const wrong: Floats = T.max(T.mul(T.add(T.neg(t), 1), y), { axis: -1 })
    return openHinge(T.add(T.sub(wrong, right), 1))
  }
})
