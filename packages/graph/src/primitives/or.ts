import { elementwise, operand } from "./elementwise.ts"

/** Bitwise or of integers, logical or of booleans. */
export const or = elementwise({
  name: "or",
  summary: "Bitwise or of integers, logical or of booleans.",
  equation: "z = x or y",
  domain: "bits",
  evaluate: ([x = 0, y = 0]) => x | y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("or", operand(x, 0), operand(x, 1)),
  samples: []
})
