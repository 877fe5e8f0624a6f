import { elementwise, operand } from "./elementwise.ts"

/** Bitwise xor of integers, logical xor of booleans. */
export const xor = elementwise({
  name: "xor",
  summary: "Bitwise xor of integers, logical xor of booleans.",
  equation: "z = x xor y",
  domain: "bits",
  evaluate: ([x = 0, y = 0]) => x ^ y,
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.binary("xor", operand(x, 0), operand(x, 1)),
  samples: []
})
