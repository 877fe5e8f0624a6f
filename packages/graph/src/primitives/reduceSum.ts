import { expandReduced, reduction } from "./reduction.ts"

/** The sum over axes, by the fixed summation tree of the arithmetic contract. */
export const reduceSum = reduction({
  name: "reduceSum",
  summary: "The sum over axes.",
  equation: "y = sum_i x_i, dy/dx_i = 1",
  combine: "add",
  identity: () => 0,
  fold: (a, b) => a + b,
  pullback: (ops, x, _, axes, g) => expandReduced(ops, g, x.shape, axes),
  pushforward: (ops, _, __, axes, t) => ops.reduceSum(t, axes),
  samples: [
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axes: [1] } },
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axes: [0] } },
    { operands: [{ shape: [2, 3, 4], low: -1, high: 1 }], attributes: { axes: [0, 2] } },
    { operands: [{ shape: [2, 3], low: -1, high: 1 }], attributes: { axes: [0, 1] } }
  ]
})
