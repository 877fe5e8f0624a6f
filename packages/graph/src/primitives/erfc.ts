import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"
import { erfcReference } from "./errorReference.ts"

/** The complementary error function, relatively accurate where 1 - erf(x) is not. */
export const erfc: UnaryPrimitive = unary({
  name: "erfc",
  summary: "The complementary error function 1 - erf(x), relatively accurate where it is small.",
  equation: "y = 2/sqrt(pi) integral_x^Infinity e^(-t^2) dt",
  derivative: "x_bar = -2/sqrt(pi) e^(-x^2) y_bar",
  conventions: "erfc(Infinity) = 0, erfc(-Infinity) = 2.",
  domain: "float",
  evaluate: ([x = 0]) => erfcReference(x),
  partials: (ops, [x]) => [
    x === undefined ? undefined : ops.mul(ops.exp(ops.neg(ops.mul(x, x))), -2 / Math.sqrt(Math.PI))
  ],
  flops: 110,
  emit: (b, x) => Mathematics.unaryFunctions.erfc(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }], [{ shape: [7], low: 1, high: 5 }]]
})
