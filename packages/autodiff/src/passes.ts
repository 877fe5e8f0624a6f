/** The three passes, tied together: rules of primitives with regions call back into them. */
import { apply, type Passes, substitute } from "@cotangent/graph"
import { pushforwardWith } from "./forward.ts"
import { pullbackWith } from "./reverse.ts"
import { vectorizeWith } from "./vectorize.ts"

/** The passes over expressions. */
export const passes: Passes = {
  pullback: (results, cotangents, targets) => pullbackWith(passes, results, cotangents, targets),
  pushforward: (results, sources, tangents) => pushforwardWith(passes, results, sources, tangents),
  vectorize: (results, sources, replacements, batched, size) =>
    vectorizeWith(passes, results, sources, replacements, batched, size),
  substitute: (results, sources, replacements) => substitute(results, sources, replacements, apply)
}
