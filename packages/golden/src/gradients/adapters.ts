/** Every torch function that has a counterpart here: one public operation each. A function that is not listed is missing. */
import type { Adapter } from "./call.ts"
import { elementwise } from "./elementwise.ts"
import { losses } from "./losses.ts"
import { normalizations } from "./normalizations.ts"
import { reductions } from "./reductions.ts"
import { shapes } from "./shapes.ts"

/** Adapters by the name of the torch function. */
export const adapters: ReadonlyMap<string, Adapter> = new Map(
  Object.entries({ ...elementwise, ...reductions, ...shapes, ...normalizations, ...losses })
)
