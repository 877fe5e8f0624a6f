import { binary, operand, type BinaryPrimitive } from "./elementwise.ts"

/** The larger of two; NaN if either is. At a tie each operand takes half of the derivative. */
export const max: BinaryPrimitive = binary({
  name: "max",
  summary: "The larger of two; NaN if either is. At a tie each operand takes half of the derivative.",
  equation: "z = max(x, y)",
  derivative: "x_bar = z_bar where x > y, z_bar / 2 where x = y, else 0; y_bar likewise",
  conventions:
    "NaN if either is. At a tie each operand takes half of the derivative, as in PyTorch and JAX. 0 is larger than -0.",
  domain: "number",
  evaluate: ([x = 0, y = 0]) => Math.max(x, y),
  partials: (ops, [x, y]) => {
    if (x === undefined || y === undefined) return []
    const half = ops.select(ops.eq(x, y), 0.5, ops.full(x.shape, 0, x.dtype))
    return [ops.select(ops.lt(y, x), 1, half), ops.select(ops.lt(x, y), 1, half)]
  },
  flops: 1,
  emit: (b, x) => b.binary("max", operand(x, 0), operand(x, 1)),
  samples: [
    [
      { shape: [3, 4], low: -2, high: 2 },
      { shape: [3, 4], low: -2, high: 2 }
    ]
  ]
})
