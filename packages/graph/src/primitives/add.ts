import { elementwise, operand } from "./elementwise.ts"

/** The sum. */
export const add = elementwise({
  name: "add",
  summary: "The sum.",
  equation: "z = x + y",
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
