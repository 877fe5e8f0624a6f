import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The sine of x radians. */
export const sin: UnaryPrimitive = unary({
  name: "sin",
  summary: "The sine of x radians.",
  equation: "y = sin x",
  derivative: "x_bar = y_bar cos x",
  conventions:
    "NaN at the infinities, and beyond 2^15 pi in f32 and 2^28 pi in f64, where operands are not reduced exactly.",
  domain: "float",
  evaluate: ([x = 0]) => Math.sin(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.cos(x)],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.sin(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }]]
})
