import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** Whether x < y; false when either is NaN. */
export const lt: BinaryPrimitive = binary({
  name: "lt",
  summary: "Whether x < y; false when either is NaN.",
  equation: "z = (x < y)",
  derivative: "none: it is constant almost everywhere",
  conventions: "False when either is NaN. Of booleans, false is less than true.",
  domain: "any",
  result: "bool",
  evaluate: ([x = 0, y = 0]) => (x < y ? 1 : 0),
  partials: "zero",
  flops: 0,
  emit: (b, x) => {
    // Kernels order numbers only; of booleans, false < true: not x and y.
    if (operand(x, 0).type.dtype === "bool") return b.binary("and", b.unary("not", operand(x, 0)), operand(x, 1))
    return b.compare("lt", operand(x, 0), operand(x, 1))
  },
  samples: []
})
