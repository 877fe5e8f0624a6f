import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The square root; its derivative at 0 is Infinity. */
export const sqrt: UnaryPrimitive = unary({
  name: "sqrt",
  summary: "The square root; its derivative at 0 is Infinity.",
  equation: "y = sqrt(x)",
  derivative: "x_bar = y_bar / (2 y)",
  conventions:
    "NaN below 0; the derivative at 0 is Infinity (0 times it is NaN: keep away from 0 with T.maximum or T.where inside).",
  domain: "float",
  evaluate: ([x = 0]) => Math.sqrt(x),
  partials: (ops, _, y) => [ops.div(ops.full(y.shape, 0.5, y.dtype), y)],
  flops: 1,
  emit: (b, x) => b.unary("sqrt", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.2, high: 3 }]]
})
