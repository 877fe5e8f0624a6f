import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The negative. */
export const neg: UnaryPrimitive = unary({
  name: "neg",
  summary: "The negative.",
  equation: "y = -x",
  derivative: "x_bar = -y_bar",
  conventions: "Integers wrap modulo 2^32; -0 is the negative of 0.",
  domain: "number",
  evaluate: ([x = 0]) => -x,
  partials: () => [-1],
  flops: 1,
  emit: (b, x) => b.unary("neg", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
