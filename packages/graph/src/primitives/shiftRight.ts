import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Integers shifted right by y modulo 32 bits: arithmetic for i32, logical for u32. */
export const shiftRight: BinaryPrimitive = binary({
  name: "shiftRight",
  summary: "Integers shifted right by y modulo 32 bits: arithmetic for i32, logical for u32.",
  equation: "z = floor(x / 2^y)",
  derivative: "none: bits have no derivative",
  conventions: "The number of bits counts modulo 32; i32 keeps the sign, u32 fills with 0.",
  domain: "integer",
  evaluate: ([x = 0, y = 0], dtype) => (dtype === "u32" ? x >>> y : x >> y),
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("shr", operand(x, 0), operand(x, 1)),
  samples: []
})
