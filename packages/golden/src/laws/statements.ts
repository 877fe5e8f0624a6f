/** What each law says. */

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
