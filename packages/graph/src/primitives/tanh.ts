import { Mathematics } from "@cotangent/kernel"
import { elementwise, operand } from "./elementwise.ts"

/** The hyperbolic tangent. */
export const tanh = elementwise({
  name: "tanh",
  summary: "The hyperbolic tangent.",
  equation: "y = tanh x, dy/dx = 1 - y^2",
  domain: "float",
  evaluate: ([x = 0]) => Math.tanh(x),
  partials: (ops, _, y) => [ops.sub(ops.full(y.shape, 1, y.dtype), ops.mul(y, y))],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.tanh(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
