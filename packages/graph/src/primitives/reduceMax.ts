import type { Primitive } from "../primitive.ts"
import { type Axes, extremumShare, expandReduced, reduction } from "./reduction.ts"

/** The largest element along axes; NaN if there is one. Ties share the derivative evenly, as torch.amax does. */
export const reduceMax: Primitive<Axes> = reduction({
  name: "reduceMax",
  summary: "The largest element along axes.",
  equation: "y = max_i x_i",
  derivative: "x_bar_i = y_bar [x_i = y] / #{j: x_j = y}",
  conventions:
    "NaN if there is one; of no elements -Infinity or the smallest integer. Ties share the derivative evenly, as torch.amax does.",
  combine: "max",
  identity: (dtype) => (dtype === "i32" ? -2147483648 : dtype === "u32" ? 0 : -Infinity),
  fold: Math.max,
  pullback: (ops, x, y, axes, g) => ops.mul(expandReduced(ops, g, x.shape, axes), extremumShare(ops, x, y, axes)),
  pushforward: (ops, x, y, axes, t) => ops.reduceSum(ops.mul(t, extremumShare(ops, x, y, axes)), axes),
  samples: [
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axes: [1] } },
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axes: [0] } }
  ]
})
