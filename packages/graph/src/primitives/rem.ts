import { Mathematics } from "@cotangent/kernel"
import { binary, type BinaryPrimitive, operand } from "./elementwise.ts"

/** The remainder of a division whose quotient is truncated, exact however large the quotient: x - y trunc(x / y) is not. */
export const rem: BinaryPrimitive = binary({
  name: "rem",
  summary: "The remainder of a division whose quotient is truncated; it has the sign of x.",
  equation: "z = x - n y, n = trunc(x / y)",
  derivative: "x_bar = z_bar, y_bar = -n z_bar",
  conventions: "Exact, however large n is. NaN for y = 0 and for infinite x; x itself for infinite y.",
  domain: "float",
  evaluate: ([x = 0, y = 0]) => x % y,
  partials: (ops, [x, y], z) => {
    if (x === undefined || y === undefined) return []
    // x - z is a multiple of y, but for one rounding.
    return [1, ops.neg(ops.nearest(ops.div(ops.sub(x, z), y)))]
  },
  flops: 400,
  emit: (b, x) => Mathematics.remainder(b, operand(x, 0), operand(x, 1)),
  samples: [
    [
      { shape: [3, 4], low: 2.1, high: 2.9 },
      { shape: [3, 4], low: 0.96, high: 1.04 }
    ],
    [
      { shape: [5], low: -3.8, high: -3.2 },
      { shape: [5], low: -1.55, high: -1.45 }
    ]
  ]
})
