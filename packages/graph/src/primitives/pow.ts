import { Mathematics } from "@cotangent/kernel"
import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** x to the power y, for floats; the derivative with respect to y is taken as 0 where x is 0 or below. */
export const pow: BinaryPrimitive = binary({
  name: "pow",
  summary: "x to the power y, for floats; the derivative with respect to y is taken as 0 where x is 0 or below.",
  equation: "z = x^y",
  derivative: "x_bar = z_bar y x^(y-1), y_bar = z_bar z ln x",
  conventions:
    "x^0 and 1^y are 1, also for NaN; NaN for x < 0 unless y is whole. The derivative with respect to x is 0 where y is 0; the one with respect to y is 0 where x is 0 or below.",
  domain: "float",
  evaluate: ([x = 0, y = 0]) => (x === 1 ? 1 : Math.pow(x, y)),
  partials: (ops, [x, y], z) => {
    if (x === undefined || y === undefined) return []
    const positive = ops.lt(ops.full(x.shape, 0, x.dtype), x)
    const logarithm = ops.log(ops.select(positive, x, 1))
    const slope = ops.mul(y, ops.pow(x, ops.sub(y, 1)))
    return [
      ops.select(ops.eq(y, ops.full(y.shape, 0, y.dtype)), 0, slope),
      ops.mul(z, ops.select(positive, logarithm, 0))
    ]
  },
  flops: 60,
  emit: (b, x) => Mathematics.binaryFunctions.pow(b, operand(x, 0), operand(x, 1)),
  samples: [
    [
      { shape: [3, 4], low: 0.3, high: 2 },
      { shape: [3, 4], low: -2, high: 2 }
    ]
  ]
})
