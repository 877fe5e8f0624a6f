import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The exponential. */
export const exp: UnaryPrimitive = unary({
  name: "exp",
  summary: "The exponential.",
  equation: "y = e^x",
  derivative: "x_bar = y_bar y",
  conventions: "Infinity where e^x exceeds the element type, 0 below its smallest number.",
  domain: "float",
  evaluate: ([x = 0]) => Math.exp(x),
  partials: (_, __, y) => [y],
  flops: 12,
  emit: (b, x) => Mathematics.unaryFunctions.exp(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
