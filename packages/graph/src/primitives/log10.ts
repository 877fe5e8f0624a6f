import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"

/** The logarithm to base 10, exact at the powers of 10: log(x) / log(10) is not. */
export const log10: UnaryPrimitive = unary({
  name: "log10",
  summary: "The logarithm to base 10, exact at the powers of 10.",
  equation: "y = log10 x",
  derivative: "x_bar = y_bar / (x log 10)",
  conventions: "log10(0) = -Infinity, NaN below.",
  domain: "float",
  evaluate: ([x = 0]) => Math.log10(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.div(ops.full(x.shape, Math.LOG10E, x.dtype), x)],
  flops: 65,
  emit: (b, x) => Mathematics.unaryFunctions.log10(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.2, high: 3 }]]
})
