import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** The quotient; integers truncate, and by zero give 0. */
export const div: BinaryPrimitive = binary({
  name: "div",
  summary: "The quotient; integers truncate, and by zero give 0.",
  equation: "z = x / y",
  derivative: "x_bar = z_bar / y, y_bar = -z_bar z / y",
  conventions:
    "Floats by zero give infinities, 0 / 0 is NaN. Integers truncate towards 0; an integer divided by 0 is 0; the smallest i32 by -1 is itself.",
  domain: "number",
  evaluate: ([x = 0, y = 0], dtype) => (dtype === "i32" || dtype === "u32" ? (y === 0 ? 0 : Math.trunc(x / y)) : x / y),
  partials: (ops, [, y], z) =>
    y === undefined ? [] : [ops.div(ops.full(y.shape, 1, y.dtype), y), ops.neg(ops.div(z, y))],
  flops: 1,
  emit: (b, x) => b.binary("div", operand(x, 0), operand(x, 1)),
  samples: [
    [
      { shape: [3, 4], low: -2, high: 2 },
      { shape: [3, 4], low: 0.5, high: 2 }
    ]
  ]
})
