import type { Primitive } from "../primitive.ts"
import { type Axes, expandReduced, reduction } from "./reduction.ts"

/** The sum over axes, by the fixed summation tree of the arithmetic contract. */
export const reduceSum: Primitive<Axes> = reduction({
  name: "reduceSum",
  summary: "The sum over axes.",
  equation: "y = sum_i x_i",
  derivative: "x_bar_i = y_bar",
  conventions:
    "The order of summation is a fixed tree that follows from the shape alone (see docs/architecture.md); of no elements it is 0. Integers wrap modulo 2^32.",
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
