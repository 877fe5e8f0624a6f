import type { Primitive } from "../primitive.ts"
import { type Axes, extremumShare, expandReduced, reduction } from "./reduction.ts"

/** The smallest element along axes; NaN if there is one. Ties share the derivative evenly, as torch.amin does. */
export const reduceMin: Primitive<Axes> = reduction({
  name: "reduceMin",
  summary: "The smallest element along axes.",
  equation: "y = min_i x_i",
  derivative: "x_bar_i = y_bar [x_i = y] / #{j: x_j = y}",
  conventions:
    "NaN if there is one; of no elements Infinity or the largest integer. Ties share the derivative evenly, as torch.amin does.",
  combine: "min",
  identity: (dtype) => (dtype === "i32" ? 2147483647 : dtype === "u32" ? 4294967295 : Infinity),
  fold: Math.min,
  pullback: (ops, x, y, axes, g) => ops.mul(expandReduced(ops, g, x.shape, axes), extremumShare(ops, x, y, axes)),
  pushforward: (ops, x, y, axes, t) => ops.reduceSum(ops.mul(t, extremumShare(ops, x, y, axes)), axes),
  samples: [
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axes: [1] } },
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axes: [0] } }
  ]
})
