import { elementwise, operand } from "./elementwise.ts"

/** The absolute value; its derivative at 0 is 0. */
export const abs = elementwise({
  name: "abs",
  summary: "The absolute value; its derivative at 0 is 0.",
  equation: "y = |x|",
  domain: "number",
  evaluate: ([x = 0]) => Math.abs(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.sign(x)],
  flops: 1,
  emit: (b, x) => b.unary("abs", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.1, high: 2 }], [{ shape: [4], low: -2, high: -0.1 }]]
})
