import { elementwise, operand } from "./elementwise.ts"

/** The negative. */
export const neg = elementwise({
  name: "neg",
  summary: "The negative.",
  equation: "y = -x",
  domain: "number",
  evaluate: ([x = 0]) => -x,
  partials: () => [-1],
  flops: 1,
  emit: (b, x) => b.unary("neg", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
