import { ShapeError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { operand } from "./elementwise.ts"

/** What a tap is for. */
export interface TapAttributes {
  readonly label: string
  /**
   * - `value`: the operand is shown.
   * - `pullback`: nothing is shown here; the reverse pass puts a `gradient` tap on the cotangent.
   * - `gradient`: the operand, a cotangent, is shown.
   */
  readonly observes: string
}

/**
 * The identity, and a place to look at. Graphs leave it out unless somebody looks (`Graph.make` with `taps`), so that an
 * unobserved tap costs nothing and changes no compiled code.
 */
export const tap: Primitive<TapAttributes> = {
  name: "tap",
  form: { operands: 1, regions: 0, attributes: { label: "text", observes: "text" } },
  document: {
    summary: "The same value, which an observer is shown under a label.",
    equation: "y = x",
    derivative: "x_bar = y_bar",
    conventions: "Graphs leave it out unless somebody looks."
  },
  infer: ([x]) => {
    if (x === undefined) throw new ShapeError("tap: no operand was given")
    return [{ shape: x.shape, dtype: x.dtype }]
  },
  evaluate: ([x]) => [x?.data ?? new Float64Array(0)],
  reverse: {
    tag: "rule",
    pullback: (ops, { attributes }, [g]) =>
      g === undefined || attributes.observes !== "pullback"
        ? [g]
        : ops.tap([g], { ...attributes, observes: "gradient" })
  },
  forward: { tag: "rule", pushforward: (_, __, [t]) => [t] },
  batch: (ops, operands, attributes) => ops.tap([operand(operands, 0).tensor], attributes),
  lower: { tag: "view", view: (input) => input },
  samples: [
    {
      operands: [{ shape: [2, 3], low: -1, high: 1 }],
      attributes: { label: "x", observes: "value" }
    },
    {
      operands: [{ shape: [4], low: -1, high: 1 }],
      attributes: { label: "x", observes: "pullback" }
    }
  ]
}
