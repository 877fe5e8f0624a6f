import { Mathematics } from "@cotangent/kernel"
import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"
import { erfReference } from "./errorReference.ts"

/** The error function, which the exact GELU is made of. */
export const erf: UnaryPrimitive = unary({
  name: "erf",
  summary: "The error function.",
  equation: "y = 2/sqrt(pi) integral_0^x e^(-t^2) dt",
  derivative: "x_bar = y_bar 2/sqrt(pi) e^(-x^2)",
  conventions: "-1 and 1 at the infinities.",
  domain: "float",
  evaluate: ([x = 0]) => erfReference(x),
  partials: (ops, [x]) => [
    x === undefined ? undefined : ops.mul(ops.exp(ops.neg(ops.mul(x, x))), 2 / Math.sqrt(Math.PI))
  ],
  flops: 24,
  emit: (b, x) => Mathematics.unaryFunctions.erf(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
