import { Mathematics } from "@cotangent/kernel"
import { elementwise, operand } from "./elementwise.ts"

/** The cosine of x radians. */
export const cos = elementwise({
  name: "cos",
  summary: "The cosine of x radians.",
  equation: "y = cos x, dy/dx = -sin x",
  domain: "float",
  evaluate: ([x = 0]) => Math.cos(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.neg(ops.sin(x))],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.cos(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }]]
})
