import { elementwise, operand } from "./elementwise.ts"

/** Bitwise and of integers, logical and of booleans. */
export const and = elementwise({
  name: "and",
  summary: "Bitwise and of integers, logical and of booleans.",
  equation: "z = x and y",
  domain: "bits",
  evaluate: ([x = 0, y = 0]) => x & y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("and", operand(x, 0), operand(x, 1)),
  samples: []
})
