import { elementwise, operand } from "./elementwise.ts"

/** The quotient; integers truncate, and by zero give 0. */
export const div = elementwise({
  name: "div",
  summary: "The quotient; integers truncate, and by zero give 0.",
  equation: "z = x / y, dz/dx = 1 / y, dz/dy = -z / y",
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
