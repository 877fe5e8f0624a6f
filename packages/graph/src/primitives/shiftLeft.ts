import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Integers shifted left by y modulo 32 bits. */
export const shiftLeft: BinaryPrimitive = binary({
  name: "shiftLeft",
  summary: "Integers shifted left by y modulo 32 bits.",
  equation: "z = x 2^y mod 2^32",
  derivative: "none: bits have no derivative",
  conventions: "The number of bits counts modulo 32.",
  domain: "integer",
  evaluate: ([x = 0, y = 0]) => x << y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("shl", operand(x, 0), operand(x, 1)),
  samples: []
})
