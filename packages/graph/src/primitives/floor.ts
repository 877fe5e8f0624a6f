import { elementwise, operand } from "./elementwise.ts"

/** The largest integer not above x; constant almost everywhere. */
export const floor = elementwise({
  name: "floor",
  summary: "The largest integer not above x; constant almost everywhere.",
  equation: "y = floor(x)",
  domain: "float",
  evaluate: ([x = 0]) => Math.floor(x),
  partials: "zero",
  flops: 1,
  emit: (b, x) => b.unary("floor", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.1, high: 0.9 }]]
})
