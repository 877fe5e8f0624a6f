import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The natural logarithm; -Infinity at 0, NaN below. */
export const log: UnaryPrimitive = unary({
  name: "log",
  summary: "The natural logarithm; -Infinity at 0, NaN below.",
  equation: "y = ln x",
  derivative: "x_bar = y_bar / x",
  conventions: "-Infinity at 0, NaN below.",
  domain: "float",
  evaluate: ([x = 0]) => Math.log(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.div(ops.full(x.shape, 1, x.dtype), x)],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.log(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.2, high: 3 }]]
})
