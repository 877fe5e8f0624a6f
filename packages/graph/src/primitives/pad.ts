import { checkRank } from "../axes.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Padding } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { rowMajor } from "../view.ts"
import { operand } from "./elementwise.ts"

/** The padded size of axis `d`. */
const paddedSize = (size: number, { low, high, interior }: Padding, d: number): number =>
  (low[d] ?? 0) + (high[d] ?? 0) + size + Math.max(0, size - 1) * (interior[d] ?? 0)

/** Surrounds with a constant: `low` and `high` elements outside, `interior` between neighbours. */
export const pad: Primitive<Padding & { readonly value: number }> = {
  name: "pad",
  form: {
    operands: 1,
    regions: 0,
    attributes: { low: "integers", high: "integers", interior: "integers", value: "number" }
  },
  document: {
    summary: "Surrounds with a constant, and spreads apart.",
    equation: "y[low + i (1 + interior)] = x[i], elsewhere value",
    derivative: "x_bar[i] = y_bar[low + i (1 + interior)]",
    conventions: "The value has no derivative. Widths are not negative."
  },
  infer: ([x], padding) => {
    if (x === undefined) throw new ShapeError("pad: no operand was given")
    checkRank("pad", x, padding.low, padding.high, padding.interior)
    if ([...padding.low, ...padding.high, ...padding.interior].some((p) => p < 0 || !Number.isInteger(p))) {
      throw new ShapeError(
        `pad: ${showShape(padding.low)} and ${showShape(padding.high)} around ${showShape(x.shape)}: padding is 0 or more; use slice to cut`
      )
    }
    if (x.dtype === "bool" && padding.value !== 0 && padding.value !== 1)
      throw new DTypeError(`pad: ${padding.value} is not a bool`)
    return [{ shape: x.shape.map((size, d) => paddedSize(size, padding, d)), dtype: x.dtype }]
  },
  evaluate: ([x], padding, [y]) => {
    const out = new Float64Array(sizeOf(y?.shape ?? [])).fill(padding.value)
    if (x === undefined || y === undefined) return [out]
    const source = rowMajor(x.shape)
    const target = rowMajor(y.shape)
    for (let i = 0; i < x.data.length; i++) {
      let o = 0
      for (let d = 0; d < x.shape.length; d++) {
        const k = Math.floor(i / (source[d] ?? 1)) % (x.shape[d] ?? 1)
        o += ((padding.low[d] ?? 0) + k * (1 + (padding.interior[d] ?? 0))) * (target[d] ?? 0)
      }
      out[o] = x.data[i] ?? 0
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { outputs: [y], attributes: { low, high, interior } }, [g]) =>
      y === undefined || g === undefined
        ? []
        : [
            ops.slice(g, {
              start: low,
              limit: y.shape.map((size, d) => size - (high[d] ?? 0)),
              step: interior.map((p) => p + 1)
            })
          ]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => [t === undefined ? undefined : ops.pad(t, attributes, 0)]
  },
  batch: (ops, operands, { low, high, interior, value }) => [
    ops.pad(operand(operands, 0).tensor, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior] }, value)
  ],
  lower: { tag: "structure", form: "pad" },
  samples: [
    {
      operands: [{ shape: [2, 3], low: -1, high: 1 }],
      attributes: { low: [1, 0], high: [0, 2], interior: [1, 2], value: 0 }
    },
    { operands: [{ shape: [4], low: -1, high: 1 }], attributes: { low: [2], high: [3], interior: [0], value: 1.5 } }
  ]
}
