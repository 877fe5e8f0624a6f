/** Every torch function that has a counterpart here: one public operation each. A function that is not listed is missing. */
import { activations } from "./activations.ts"
import type { Adapter } from "./call.ts"
import { cells } from "./cells.ts"
import { convolutions } from "./convolutions.ts"
import { elementwise } from "./elementwise.ts"
import { indexing } from "./indexing.ts"
import { linearAlgebra } from "./linear-algebra.ts"
import { losses } from "./losses.ts"
import { margins } from "./margins.ts"
import { mathematics } from "./mathematics.ts"
import { normalizations } from "./normalizations.ts"
import { products } from "./products.ts"
import { reductions } from "./reductions.ts"
import { shapes } from "./shapes.ts"

/** Adapters by the name of the torch function. */
export const adapters: ReadonlyMap<string, Adapter> = new Map(
  Object.entries({
    ...elementwise,
    ...mathematics,
    ...activations,
    ...reductions,
    ...products,
    ...linearAlgebra,
    ...shapes,
    ...indexing,
    ...normalizations,
    ...losses,
    ...margins,
    ...cells,
    ...convolutions
  })
)
