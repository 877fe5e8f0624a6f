import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"
import { lgammaReference } from "./gammaReference.ts"

/** The logarithm of the size of the gamma function. */
export const lgamma: UnaryPrimitive = unary({
  name: "lgamma",
  summary: "The logarithm of the size of the gamma function.",
  equation: "y = log |Gamma(x)|",
  derivative: "x_bar = polygamma_0(x) y_bar",
  conventions: "Infinity at 0, at the negative whole numbers and at +-Infinity.",
  domain: "float",
  evaluate: ([x = 0]) => lgammaReference(x),
  partials: (ops, [x]) => (x === undefined ? [] : ops.polygamma([x], { order: 0 })),
  flops: 130,
  emit: (b, x) => Mathematics.unaryFunctions.lgamma(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: 0.3, high: 5 }], [{ shape: [4], low: -1.8, high: -1.2 }]]
})
