import { Mathematics } from "@cotangent/kernel"
import { elementwise, operand } from "./elementwise.ts"

/** The exponential. */
export const exp = elementwise({
  name: "exp",
  summary: "The exponential.",
  equation: "y = e^x, dy/dx = y",
  domain: "float",
  evaluate: ([x = 0]) => Math.exp(x),
  partials: (_, __, y) => [y],
  flops: 12,
  emit: (b, x) => Mathematics.unaryFunctions.exp(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
