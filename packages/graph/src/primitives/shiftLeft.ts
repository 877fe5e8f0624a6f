import { elementwise, operand } from "./elementwise.ts"

/** Integers shifted left by y modulo 32 bits. */
export const shiftLeft = elementwise({
  name: "shiftLeft",
  summary: "Integers shifted left by y modulo 32 bits.",
  equation: "z = x 2^y mod 2^32",
  domain: "integer",
  evaluate: ([x = 0, y = 0]) => x << y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("shl", operand(x, 0), operand(x, 1)),
  samples: []
})
