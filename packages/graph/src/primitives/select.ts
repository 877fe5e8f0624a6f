import { DTypeError } from "../errors.ts"
import type { NoAttributes, Primitive } from "../primitive.ts"
import { batchElementwise, checkElementwise, operand } from "./elementwise.ts"

/** Chooses element by element; the derivative flows to the chosen operand only. */
export const select: Primitive<NoAttributes> = {
  name: "select",
  form: { operands: 3, regions: 0, attributes: {} },
  document: {
    summary: "Chooses a where the condition holds, else b.",
    equation: "y = c ? a : b",
    derivative: "a_bar = y_bar where c, else 0; b_bar = y_bar where not c, else 0",
    conventions:
      "What is not chosen does not count: a NaN or an infinity there is not seen, and its derivative is exactly 0."
  },
  infer: ([c, a, b]) => {
    if (c === undefined || a === undefined || b === undefined)
      throw new DTypeError("select: needs a condition and two operands")
    if (c.dtype !== "bool")
      throw new DTypeError(`select: the condition must be bool, it is ${c.dtype}; compare it with something`)
    const aval = checkElementwise("select", "any", [a, b])
    checkElementwise("select", "any", [{ shape: c.shape, dtype: a.dtype }, a])
    return [aval]
  },
  evaluate: ([c, a, b]) => [Float64Array.from(c?.data ?? [], (x, i) => (x !== 0 ? a?.data[i] : b?.data[i]) ?? 0)],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [c] }, [g]) =>
      c === undefined || g === undefined ? [] : [undefined, ops.select(c, g, 0), ops.select(c, 0, g)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [c] }, [, a, b]) => [
      c === undefined || (a === undefined && b === undefined) ? undefined : ops.select(c, a ?? 0, b ?? 0)
    ]
  },
  batch: batchElementwise((ops, x) => [ops.select(operand(x, 0), operand(x, 1), operand(x, 2))]),
  lower: { tag: "elementwise", flops: 1, emit: (b, x) => [b.select(operand(x, 0), operand(x, 1), operand(x, 2))] },
  samples: [
    {
      operands: [
        { shape: [2, 3], dtype: "bool", data: Uint8Array.of(1, 0, 1, 0, 0, 1) },
        { shape: [2, 3], low: -1, high: 1 },
        { shape: [2, 3], low: -1, high: 1 }
      ],
      attributes: {}
    }
  ]
}
