import { extremumShare, expandReduced, reduction } from "./reduction.ts"

/** The smallest element along axes; NaN if there is one. Ties share the derivative evenly, as torch.amin does. */
export const reduceMin = reduction({
  name: "reduceMin",
  summary: "The smallest element along axes.",
  equation: "y = min_i x_i, dy/dx_i = [x_i = y] / #{j: x_j = y}",
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
