import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** e^x - 1 without cancellation near 0. */
export const expm1: UnaryPrimitive = unary({
  name: "expm1",
  summary: "e^x - 1 without cancellation near 0.",
  equation: "y = e^x - 1",
  derivative: "x_bar = y_bar (y + 1)",
  conventions: "-1 at -Infinity; keeps the digits of small x.",
  domain: "float",
  evaluate: ([x = 0]) => Math.expm1(x),
  partials: (ops, _, y) => [ops.add(y, 1)],
  flops: 14,
  emit: (b, x) => Mathematics.unaryFunctions.expm1(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
