import { elementwise, operand } from "./elementwise.ts"

/** The product; integers wrap modulo 2^32. */
export const mul = elementwise({
  name: "mul",
  summary: "The product; integers wrap modulo 2^32.",
  equation: "z = x y",
  domain: "number",
  evaluate: ([x = 0, y = 0], dtype) => (dtype === "i32" || dtype === "u32" ? Math.imul(x, y) : x * y),
  partials: (_, [x, y]) => [y, x],
  flops: 1,
  emit: (b, x) => b.binary("mul", operand(x, 0), operand(x, 1)),
  samples: [
    [
      { shape: [3, 4], low: -2, high: 2 },
      { shape: [3, 4], low: -2, high: 2 }
    ]
  ]
})
