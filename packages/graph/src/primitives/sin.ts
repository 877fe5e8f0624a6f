import { Mathematics } from "@cotangent/kernel"
import { elementwise, operand } from "./elementwise.ts"

/** The sine of x radians. */
export const sin = elementwise({
  name: "sin",
  summary: "The sine of x radians.",
  equation: "y = sin x, dy/dx = cos x",
  domain: "float",
  evaluate: ([x = 0]) => Math.sin(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.cos(x)],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.sin(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }]]
})
