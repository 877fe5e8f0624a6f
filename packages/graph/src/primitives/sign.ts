import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** -1, 0 or 1 by the sign of x; NaN and signed zeros stay what they are. */
export const sign: UnaryPrimitive = unary({
  name: "sign",
  summary: "-1, 0 or 1 by the sign of x; constant almost everywhere.",
  equation: "y = sign x",
  derivative: "none: it is constant almost everywhere",
  conventions: "0 at 0; NaN and -0 stay what they are.",
  domain: "number",
  evaluate: ([x = 0]) => Math.sign(x),
  partials: "zero",
  flops: 2,
  emit: (b, operands) => {
    const x = operand(operands, 0)
    const zero = b.constant(0, x.type)
    const one = b.constant(1, x.type)
    // Unsigned values are never below zero, and have no -1.
    const negative = x.type.dtype === "u32" ? x : b.select(b.compare("lt", x, zero), b.constant(-1, x.type), x)
    return b.select(b.compare("gt", x, zero), one, negative)
  },
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
