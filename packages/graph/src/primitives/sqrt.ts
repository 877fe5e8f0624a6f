import { elementwise, operand } from "./elementwise.ts"

/** The square root; its derivative at 0 is Infinity. */
export const sqrt = elementwise({
  name: "sqrt",
  summary: "The square root; its derivative at 0 is Infinity.",
  equation: "y = sqrt(x), dy/dx = 1 / (2 y)",
  domain: "float",
  evaluate: ([x = 0]) => Math.sqrt(x),
  partials: (ops, _, y) => [ops.div(ops.full(y.shape, 0.5, y.dtype), y)],
  flops: 1,
  emit: (b, x) => b.unary("sqrt", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.2, high: 3 }]]
})
