import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Bitwise and of integers, logical and of booleans. */
export const and: BinaryPrimitive = binary({
  name: "and",
  summary: "Bitwise and of integers, logical and of booleans.",
  equation: "z = x and y",
  derivative: "none: bits have no derivative",
  conventions: "Both operands have one element type: i32, u32 or bool.",
  domain: "bits",
  evaluate: ([x = 0, y = 0]) => x & y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("and", operand(x, 0), operand(x, 1)),
  samples: []
})
