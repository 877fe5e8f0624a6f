import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"

/** The inverse tangent, which asin, acos and atan2 are made of. */
export const atan: UnaryPrimitive = unary({
  name: "atan",
  summary: "The inverse tangent, an angle in [-pi/2, pi/2].",
  equation: "y = atan x",
  derivative: "x_bar = y_bar / (1 + x^2)",
  conventions: "atan(+-Infinity) = +-pi/2, atan(+-0) = +-0.",
  domain: "float",
  evaluate: ([x = 0]) => Math.atan(x),
  partials: (ops, [x]) => [
    x === undefined ? undefined : ops.div(ops.full(x.shape, 1, x.dtype), ops.add(ops.mul(x, x), 1))
  ],
  flops: 40,
  emit: (b, x) => Mathematics.unaryFunctions.atan(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -3, high: 3 }], [{ shape: [], low: 0.5, high: 0.6 }]]
})
