import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Bitwise xor of integers, logical xor of booleans. */
export const xor: BinaryPrimitive = binary({
  name: "xor",
  summary: "Bitwise xor of integers, logical xor of booleans.",
  equation: "z = x xor y",
  derivative: "none: bits have no derivative",
  conventions: "Both operands have one element type: i32, u32 or bool.",
  domain: "bits",
  evaluate: ([x = 0, y = 0]) => x ^ y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("xor", operand(x, 0), operand(x, 1)),
  samples: []
})
