import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** ln(1 + x) without cancellation near 0. */
export const log1p: UnaryPrimitive = unary({
  name: "log1p",
  summary: "ln(1 + x) without cancellation near 0.",
  equation: "y = ln(1 + x)",
  derivative: "x_bar = y_bar / (1 + x)",
  conventions: "-Infinity at -1, NaN below; keeps the digits of small x.",
  domain: "float",
  evaluate: ([x = 0]) => Math.log1p(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.div(ops.full(x.shape, 1, x.dtype), ops.add(x, 1))],
  flops: 18,
  emit: (b, x) => Mathematics.unaryFunctions.log1p(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -0.5, high: 2 }]]
})
