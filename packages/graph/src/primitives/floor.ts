import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The largest integer not above x; constant almost everywhere. */
export const floor: UnaryPrimitive = unary({
  name: "floor",
  summary: "The largest integer not above x; constant almost everywhere.",
  equation: "y = floor(x)",
  derivative: "none: it is constant almost everywhere",
  conventions: "NaN and the infinities stay what they are.",
  domain: "float",
  evaluate: ([x = 0]) => Math.floor(x),
  partials: "zero",
  flops: 1,
  emit: (b, x) => b.unary("floor", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }]]
})
