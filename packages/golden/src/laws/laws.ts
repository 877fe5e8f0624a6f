/** The laws by name. Each gives the sentence of the first violation it finds, or nothing. */
import { adjoint, differences, type Law, refused, secondOrder, stopped, zero } from "./derivative-laws.ts"
import { graphs } from "./graph-laws.ts"
import type { LawName } from "./statements.ts"
import { batches, bits, dtypes, shapes, targets } from "./value-laws.ts"

export type { Law } from "./derivative-laws.ts"
export { type LawName, statements } from "./statements.ts"

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
