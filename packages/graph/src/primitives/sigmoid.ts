import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The logistic function. */
export const sigmoid: UnaryPrimitive = unary({
  name: "sigmoid",
  summary: "The logistic function.",
  equation: "y = 1 / (1 + e^-x)",
  derivative: "x_bar = y_bar y (1 - y)",
  conventions: "0 and 1 at the infinities, without overflow on the way.",
  domain: "float",
  evaluate: ([x = 0]) => 1 / (1 + Math.exp(-x)),
  partials: (ops, _, y) => [ops.mul(y, ops.sub(ops.full(y.shape, 1, y.dtype), y))],
  flops: 15,
  emit: (b, x) => Mathematics.unaryFunctions.sigmoid(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }]]
})
