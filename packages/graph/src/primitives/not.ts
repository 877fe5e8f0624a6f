import { unary, operand, type UnaryPrimitive } from "./elementwise.ts"

/** Logical negation of booleans, complement of the bits of integers. */
export const not: UnaryPrimitive = unary({
  name: "not",
  summary: "Logical negation of booleans, complement of the bits of integers.",
  equation: "y = not x",
  derivative: "none: bits have no derivative",
  conventions: "Integers: every bit.",
  domain: "bits",
  evaluate: ([x = 0], dtype) => (dtype === "bool" ? (x === 0 ? 1 : 0) : ~x),
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.unary("not", operand(x, 0)),
  samples: []
})
