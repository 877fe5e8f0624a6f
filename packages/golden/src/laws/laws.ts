/** The laws by name. Each gives the sentence of the first violation it finds, or nothing. */
import { adjoint, differences, type Law, refused, secondOrder, stopped, zero } from "./derivative-laws.ts"
import { graphs } from "./graph-laws.ts"
import { batches, bits, dtypes, shapes, targets } from "./value-laws.ts"

export type { Law } from "./derivative-laws.ts"

/** The names of the laws, and what each says. */
export const statements = {
  differences: "both modes give the slope that differences give",
  adjoint: "<J t, c> = <t, J^T c>",
  secondOrder: "the same holds for the gradient, and its derivative is symmetric",
  zero: "the function is constant around its samples and its derivatives are exact zeros",
  stopped: "derivatives are exact zeros",
  refused: "asking for a derivative is refused with a sentence",
  vmap: "a batch is a loop, for values and derivatives, whichever operands are batched",
  targets: "values and derivatives have the same bits on all targets, near those of the interpreter",
  bits: "values have the same bits on all targets, near those of the interpreter",
  dtypes: "the element type is kept",
  shapes: "values and derivatives have the shapes that the rules say",
  graphs: "printed, stored and built again, the graph keeps its hash"
} as const

/** The name of a law. */
export type LawName = keyof typeof statements

/** Every law by name. */
export const laws: Readonly<Record<LawName, Law>> = {
  differences,
  adjoint,
  secondOrder,
  zero,
  stopped,
  refused,
  vmap: batches,
  targets,
  bits,
  dtypes,
  shapes,
  graphs
}
