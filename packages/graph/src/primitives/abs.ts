import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The absolute value; its derivative at 0 is 0. */
export const abs: UnaryPrimitive = unary({
  name: "abs",
  summary: "The absolute value; its derivative at 0 is 0.",
  equation: "y = |x|",
  derivative: "x_bar = y_bar sign x",
  conventions: "The derivative at 0 is 0. |-0| is 0; the absolute value of the smallest i32 is itself (it wraps).",
  domain: "number",
  evaluate: ([x = 0]) => Math.abs(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.sign(x)],
  flops: 1,
  emit: (b, x) => b.unary("abs", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.1, high: 2 }], [{ shape: [4], low: -2, high: -0.1 }]]
})
