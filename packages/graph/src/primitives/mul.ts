import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** The product; integers wrap modulo 2^32. */
export const mul: BinaryPrimitive = binary({
  name: "mul",
  summary: "The product; integers wrap modulo 2^32.",
  equation: "z = x y",
  derivative: "x_bar = z_bar y, y_bar = z_bar x",
  conventions: "Integers wrap modulo 2^32. 0 times an infinity is NaN.",
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
