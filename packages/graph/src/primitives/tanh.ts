import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The hyperbolic tangent. */
export const tanh: UnaryPrimitive = unary({
  name: "tanh",
  summary: "The hyperbolic tangent.",
  equation: "y = tanh x",
  derivative: "x_bar = y_bar (1 - y^2)",
  conventions: "-1 and 1 at the infinities.",
  domain: "float",
  evaluate: ([x = 0]) => Math.tanh(x),
  partials: (ops, _, y) => [ops.sub(ops.full(y.shape, 1, y.dtype), ops.mul(y, y))],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.tanh(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
