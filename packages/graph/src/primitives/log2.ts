import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"

/** The logarithm to base 2, exact at the powers of 2: log(x) / log(2) is not. */
export const log2: UnaryPrimitive = unary({
  name: "log2",
  summary: "The logarithm to base 2, exact at the powers of 2.",
  equation: "y = log2 x",
  derivative: "x_bar = y_bar / (x log 2)",
  conventions: "log2(0) = -Infinity, NaN below.",
  domain: "float",
  evaluate: ([x = 0]) => Math.log2(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.div(ops.full(x.shape, Math.LOG2E, x.dtype), x)],
  flops: 60,
  emit: (b, x) => Mathematics.unaryFunctions.log2(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.2, high: 3 }]]
})
