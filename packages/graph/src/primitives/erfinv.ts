import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"
import { erfinvReference } from "./errorReference.ts"

/** The inverse of the error function. */
export const erfinv: UnaryPrimitive = unary({
  name: "erfinv",
  summary: "The inverse of the error function, on [-1, 1].",
  equation: "erf(y) = x",
  derivative: "x_bar = sqrt(pi)/2 e^(y^2) y_bar",
  conventions: "erfinv(+-1) = +-Infinity, NaN outside [-1, 1].",
  domain: "float",
  evaluate: ([x = 0]) => erfinvReference(x),
  partials: (ops, _, y) => [ops.mul(ops.exp(ops.mul(y, y)), Math.sqrt(Math.PI) / 2)],
  flops: 150,
  emit: (b, x) => Mathematics.unaryFunctions.erfinv(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -0.9, high: 0.9 }]]
})
