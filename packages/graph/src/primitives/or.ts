import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Bitwise or of integers, logical or of booleans. */
export const or: BinaryPrimitive = binary({
  name: "or",
  summary: "Bitwise or of integers, logical or of booleans.",
  equation: "z = x or y",
  derivative: "none: bits have no derivative",
  conventions: "Both operands have one element type: i32, u32 or bool.",
  domain: "bits",
  evaluate: ([x = 0, y = 0]) => x | y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("or", operand(x, 0), operand(x, 1)),
  samples: []
})
