import { operand, unary, type UnaryPrimitive } from "./elementwise.ts"

/** The nearest whole number, as IEEE 754 rounds: halves to the even neighbour. */
const nearestReference = (x: number): number => {
  const below = Math.floor(x)
  const rest = x - below
  const above = rest > 0.5 || (rest === 0.5 && below % 2 !== 0)
  // -0 and what rounds to it stay -0.
  return above ? (below === -1 ? -0 : below + 1) : below
}

/** The nearest whole number; halves go to the even one. Constant almost everywhere. */
export const nearest: UnaryPrimitive = unary({
  name: "nearest",
  summary: "The nearest whole number; constant almost everywhere.",
  equation: "y = round(x)",
  derivative: "none: it is constant almost everywhere",
  conventions: "Halves go to the even neighbour: 0.5 to 0, 1.5 to 2, -0.5 to -0.",
  domain: "float",
  evaluate: ([x = 0]) => nearestReference(x),
  partials: "zero",
  flops: 1,
  emit: (b, x) => b.unary("nearest", operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -0.4, high: 0.4 }], [{ shape: [7], low: -3, high: 3 }]]
})
