import { Mathematics } from "@cotangent/kernel"
import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"

/** 2 to the power x, exact at whole numbers: e^(x log 2) is not. */
export const exp2: UnaryPrimitive = unary({
  name: "exp2",
  summary: "2 to the power x, exact at whole numbers.",
  equation: "y = 2^x",
  derivative: "x_bar = y_bar y ln 2",
  conventions: "Infinity where 2^x exceeds the element type, 0 below its smallest number.",
  domain: "float",
  evaluate: ([x = 0]) => 2 ** x,
  partials: (ops, _, y) => [ops.mul(y, Math.LN2)],
  flops: 18,
  emit: (b, x) => Mathematics.unaryFunctions.exp2(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
