import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** The sum. */
export const add: BinaryPrimitive = binary({
  name: "add",
  summary: "The sum.",
  equation: "z = x + y",
  derivative: "x_bar = z_bar, y_bar = z_bar",
  conventions: "Integers wrap modulo 2^32.",
  domain: "number",
  evaluate: ([x = 0, y = 0]) => x + y,
  partials: () => [1, 1],
  flops: 1,
  emit: (b, x) => b.binary("add", operand(x, 0), operand(x, 1)),
  samples: [
    [
      { shape: [3, 4], low: -2, high: 2 },
      { shape: [3, 4], low: -2, high: 2 }
    ]
  ]
})
