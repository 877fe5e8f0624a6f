import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Whether x = y; false when either is NaN. */
export const eq: BinaryPrimitive = binary({
  name: "eq",
  summary: "Whether x = y; false when either is NaN.",
  equation: "z = (x = y)",
  derivative: "none: it is constant almost everywhere",
  conventions: "NaN equals nothing, 0 equals -0.",
  domain: "any",
  result: "bool",
  evaluate: ([x = 0, y = 0]) => (x === y ? 1 : 0),
  partials: "zero",
  flops: 0,
  emit: (b, x) => b.compare("eq", operand(x, 0), operand(x, 1)),
  samples: []
})
