import { isFloat, Tree } from "@cotangent/graph"
import { flushed } from "../moments.ts"
import { makeTransform, type Transform, type TransformRule, type TransformState } from "../transform.ts"
import { assertTransforms } from "../given.ts"

/** The rule of flushing: the state is that of the inner transform. */
export interface FlushTinyRule<F extends TransformRule> extends TransformRule {
  readonly State: TransformState<F, this["P"]>
  readonly Options: F["Options"]
}

/**
 * Zeros in place of remembered numbers below the smallest normal one (2^-126 in f32, 2^-1022 in f64). Moments of a parameter
 * whose gradient has become zero shrink until they are denormal, and arithmetic on denormal numbers is many times slower on
 * most processors.
 */
export const flushTiny = <F extends TransformRule>(inner: Transform<F>): Transform<FlushTinyRule<F>> => {
  assertTransforms("flushTiny", { inner })
  return makeTransform<FlushTinyRule<F>, TransformState<F, unknown>>({
    name: `flushTiny(${inner.name})`,
    options: inner.options,
    init: (params) => inner.init(params),
    update: (grad, state, context) => {
      const [next, remembered] = inner.update<unknown>(grad, state, context)
      return [next, Tree.map(remembered, (leaf) => (isFloat(leaf.dtype) ? flushed(leaf) : leaf))]
    },
    ...(inner.stages === undefined
      ? {}
      : { stages: (grad, state, context) => inner.stages?.(grad, state, context) ?? { stages: [] } })
  })
}
