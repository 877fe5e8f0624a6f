import { Mathematics } from "@cotangent/kernel"
import { isFloat } from "../dtype.ts"
import { optionError } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import type { AnyTensor } from "../tensor.ts"
import { batchElementwise, checkElementwise, operand } from "./elementwise.ts"
import { polygammaReference } from "./gammaReference.ts"

/** The derivative of order n + 1 of lgamma: digamma for n = 0. Closed under its own derivative. */
export const polygamma: Primitive<{ readonly order: number }> = {
  name: "polygamma",
  form: { operands: 1, regions: 0, attributes: { order: "integer" } },
  document: {
    summary: "The derivative of order n + 1 of log Gamma(x); digamma for n = 0.",
    equation: "y = d^(n+1)/dx^(n+1) log Gamma(x)",
    derivative: "x_bar = polygamma_(n+1)(x) y_bar",
    conventions:
      "At the poles 0, -1, -2, ... Infinity for odd n; for even n the sides differ: NaN, but -+Infinity at +-0. n is at most 100 in f64, 20 in f32."
  },
  infer: (inputs, { order }) => {
    const { shape, dtype } = checkElementwise("polygamma", "float", inputs)
    const largest = isFloat(dtype) ? Mathematics.largestOrder[dtype] : 0
    if (!Number.isInteger(order) || order < 0 || order > largest)
      throw optionError("polygamma: the order", `a whole number from 0 to ${largest} in ${dtype}`, order)
    return [{ shape, dtype }]
  },
  evaluate: ([x], { order }) => [Float64Array.from(x?.data ?? [], (value) => polygammaReference(order, value))],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes: { order } }, [g]) =>
      x === undefined || g === undefined
        ? []
        : ops.polygamma([x], { order: order + 1 }).map((slope: AnyTensor) => ops.mul(g, slope))
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [x], attributes: { order } }, [t]) =>
      x === undefined || t === undefined
        ? [undefined]
        : ops.polygamma([x], { order: order + 1 }).map((slope: AnyTensor) => ops.mul(t, slope))
  },
  batch: batchElementwise((ops, x, { order }) => ops.polygamma([operand(x, 0)], { order })),
  lower: {
    tag: "elementwise",
    flops: 150,
    emit: (b, x, { order }) => [Mathematics.polygamma(order)(b, operand(x, 0))]
  },
  samples: [
    { operands: [{ shape: [3, 5], low: 0.4, high: 5 }], attributes: { order: 0 } },
    { operands: [{ shape: [7], low: 0.5, high: 3 }], attributes: { order: 1 } },
    { operands: [{ shape: [4], low: -1.8, high: -1.2 }], attributes: { order: 2 } },
    { operands: [{ shape: [], low: 1, high: 2 }], attributes: { order: 5 } }
  ]
}
