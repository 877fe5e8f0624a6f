import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** The cosine of x radians. */
export const cos: UnaryPrimitive = unary({
  name: "cos",
  summary: "The cosine of x radians.",
  equation: "y = cos x",
  derivative: "x_bar = -y_bar sin x",
  conventions:
    "NaN at the infinities, and beyond 2^15 pi in f32 and 2^28 pi in f64, where operands are not reduced exactly.",
  domain: "float",
  evaluate: ([x = 0]) => Math.cos(x),
  partials: (ops, [x]) => [x === undefined ? undefined : ops.neg(ops.sin(x))],
  flops: 16,
  emit: (b, x) => Mathematics.unaryFunctions.cos(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }]]
})
