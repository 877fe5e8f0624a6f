import { ShapeError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { operand } from "./elementwise.ts"

/** Barriers of one number are one; two numbers are never merged. */
export interface BarrierAttributes {
  readonly id: number
}

/**
 * The identity, which merging, fusion and repetition stop at: what is computed from it is not recognised as what was
 * computed before it. Checkpoints compute again behind barriers.
 */
export const barrier: Primitive<BarrierAttributes> = {
  name: "barrier",
  form: { operands: 1, regions: 0, attributes: { id: "integer" } },
  document: {
    summary: "The same value, kept apart from equal computations.",
    equation: "y = x",
    derivative: "x_bar = y_bar",
    conventions: "a graph numbers its barriers in the order it meets them"
  },
  infer: ([x]) => {
    if (x === undefined) throw new ShapeError("barrier: no operand was given")
    return [{ shape: x.shape, dtype: x.dtype }]
  },
  evaluate: ([x]) => [x?.data ?? new Float64Array(0)],
  reverse: { tag: "rule", pullback: (_, __, [g]) => [g] },
  forward: { tag: "rule", pushforward: (_, __, [t]) => [t] },
  batch: (ops, operands, attributes) => ops.barrier([operand(operands, 0).tensor], attributes),
  lower: { tag: "view", view: (input) => input },
  samples: [{ operands: [{ shape: [2, 3], low: -1, high: 1 }], attributes: { id: 1 } }]
}
