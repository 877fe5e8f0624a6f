import { type AnyTransform, mapStages, stagesWithin } from "../explain/transformStages.ts"
import { isWithin, type LeavesByPath, leavesWhere, withLeaves } from "../paths.ts"
import { makeTransform, type Transform, type TransformRule, type TransformState } from "../transform.ts"
import { assertTransforms } from "../given.ts"

/** The rule of a masked transform: its state is over the chosen leaves, by path. */
export interface MaskedRule<F extends TransformRule> extends TransformRule {
  readonly State: TransformState<F, LeavesByPath>
  readonly Options: F["Options"]
}

/** Which leaves: a predicate of paths, or a list of their beginnings. */
export type Mask = ((path: string) => boolean) | ReadonlyArray<string>

/**
 * A transform of some of the leaves; the others pass unchanged.
 *
 * Optax: `masked(inner, mask)`.
 *
 * ```ts
 * // Decay for kernels only.
 * const decay = masked(addDecayedWeights(0.01), (path) => path.endsWith("kernel"))
 * const first = masked(scale(0.1), ["encoder", "embedding"])
 * ```
 */
export const masked = <F extends TransformRule>(inner: Transform<F>, mask: Mask): Transform<MaskedRule<F>> => {
  assertTransforms("masked", { inner })
  const chosen = (path: string): boolean =>
    typeof mask === "function" ? mask(path) : mask.some((prefix) => isWithin(path, prefix))
  return makeTransform<MaskedRule<F>, TransformState<F, LeavesByPath>>({
    name: `masked(${inner.name})`,
    options: inner.options,
    init: (params) => inner.init(leavesWhere(params, chosen)),
    update: (grad, state, context) => {
      const own = { ...context, params: leavesWhere(context.params, chosen) }
      const [leaves, next] = inner.update<LeavesByPath>(leavesWhere(grad, chosen), state, own)
      return [withLeaves(grad, leaves), next]
    },
    stages: (grad, state, context) => {
      const own = { ...context, params: leavesWhere(context.params, chosen) }
      // The state is that of the inner transform over the chosen leaves, to which alone it is given.
      const part = inner as unknown as AnyTransform
      const staged = stagesWithin(inner.name, part, leavesWhere(grad, chosen), state, own)
      return mapStages(staged, (leaves) => withLeaves(grad, leaves as LeavesByPath))
    }
  })
}
