/** The form of primitives that change nothing but what derivatives or passes make of them. */
import { ShapeError } from "../errors.ts"
import type { ForwardRule, NoAttributes, PrimitiveDocument, ReverseRule, UnaryPrimitive } from "../primitive.ts"
import type { RuleOperations } from "../operations-interface.ts"
import { operand } from "./elementwise.ts"

export type { UnaryPrimitive } from "../primitive.ts"

/** The record of an identity with its own derivative rules. */
export const identity = (
  name: "alias" | "stopGradient",
  document: PrimitiveDocument,
  reverse: ReverseRule<NoAttributes>,
  forward: ForwardRule<NoAttributes>
): UnaryPrimitive => ({
  name,
  form: { operands: 1, regions: 0, attributes: {} },
  arity: 1,
  document,
  infer: ([x]) => {
    if (x === undefined) throw new ShapeError(`${name}: no operand was given`)
    return [{ shape: x.shape, dtype: x.dtype }]
  },
  evaluate: ([x]) => [x?.data ?? new Float64Array(0)],
  reverse,
  forward,
  batch: (ops: RuleOperations, operands) => [ops[name](operand(operands, 0).tensor)],
  lower: { tag: "view", view: (input) => input },
  samples: [{ operands: [{ shape: [2, 3], low: -1, high: 1 }], attributes: {} }]
})
