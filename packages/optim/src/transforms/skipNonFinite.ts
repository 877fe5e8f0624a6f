import { type AnyTensor, isFloat, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { type AnyTransform, mapStages, stagesWithin } from "../explain/transformStages.ts"
import { filledLike } from "../leafwise.ts"
import { selectTree } from "../paths.ts"
import { makeTransform, type Transform, type TransformRule, type TransformState } from "../transform.ts"
import { count, orAbsent, validate } from "../validation.ts"
import { assertTransforms } from "../given.ts"

/** What was skipped, and the state of the inner transform, which has not seen it. */
export interface SkipState<S> {
  /** How many gradients were skipped in all. */
  readonly skipped: Tensor<[], "i32">
  /** How many of the last gradients in a row were not finite. */
  readonly consecutive: Tensor<[], "i32">
  /** How many elements of the last gradient were NaN or infinite. */
  readonly elements: Tensor<[], "i32">
  readonly inner: S
}

/** Options of skipping. */
export interface SkipOptions {
  /** After this many in a row the gradient is let through, so that the run fails where it can be seen. Never unless given. */
  readonly tolerance?: number
}

/** The rule of skipping. */
export interface SkipNonFiniteRule<F extends TransformRule> extends TransformRule {
  readonly State: SkipState<TransformState<F, this["P"]>>
  readonly Options: SkipOptions & { readonly inner: F["Options"] }
}

const bad = (leaf: AnyTensor): AnyTensor => {
  // x - x is 0 exactly where x is finite.
  const finite = ops.eq(ops.sub(leaf, leaf), ops.full(leaf.shape, 0, leaf.dtype))
  return ops.reduceSum(
    ops.cast(ops.not(finite), "i32"),
    leaf.shape.map((_, axis) => axis)
  )
}

/** How many floating-point elements of a tree are NaN or infinite. */
export const countNonFinite = (tree: unknown): Tensor<[], "i32"> =>
  Tree.leaves(tree)
    .filter((leaf) => isFloat(leaf.dtype))
    .reduce<Tensor<[], "i32">>(
      // Reducing over all axes leaves a scalar, which the untyped operations cannot say.
      (sum, leaf) => T.add(sum, bad(leaf) as Tensor<[], "i32">),
      T.zeros([], "i32")
    )

/**
 * Skips a gradient with a NaN or an infinity in it: no change, and the inner transform does not see it. The state counts
 * what was skipped.
 *
 * Optax: `apply_if_finite(inner, max_consecutive_errors)`. Mixed precision skips the same way: Micikevicius et al. 2018,
 * Mixed Precision Training, section 3.2.
 *
 * ```ts
 * const optimizer = fromTransform(skipNonFinite(scaleByAdam(), { tolerance: 10 }), { learningRate: 1e-3 })
 * const skipped = optimizer.init({ w: T.zeros([3]) }).parts.skipped          // Tensor<[], "i32">
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const skipNonFinite = <F extends TransformRule>(
  inner: Transform<F>,
  options: SkipOptions = {}
): Transform<SkipNonFiniteRule<F>> => {
  assertTransforms("skipNonFinite", { inner })
  const { tolerance } = validate("skipNonFinite", options, { tolerance: orAbsent(count) })
  const zero = T.zeros([], "i32")
  const seen = (grad: unknown, state: SkipState<unknown>) => {
    const elements = countNonFinite(grad)
    const isFinite: Tensor<[], "bool"> = T.equal(elements, 0)
    const consecutive: Tensor<[], "i32"> = T.where(isFinite, zero, T.add(state.consecutive, 1))
    const passes: Tensor<[], "bool"> =
      tolerance === undefined ? isFinite : T.or(isFinite, T.greater(consecutive, tolerance))
    return { elements, consecutive, passes }
  }
  return makeTransform<SkipNonFiniteRule<F>, SkipState<TransformState<F, unknown>>>({
    name: "skipNonFinite",
    options: Object.freeze({ ...options, inner: inner.options }),
    init: (params) => ({ skipped: zero, consecutive: zero, elements: zero, inner: inner.init(params) }),
    update: (grad, state, context) => {
      const { elements, consecutive, passes } = seen(grad, state)
      const still = filledLike(grad, 0)
      // The inner transform gets zeros in place of a gradient that it must not see.
      const [direction, next] = inner.update<unknown>(selectTree(passes, grad, still), state.inner, context)
      return [
        selectTree(passes, direction, still),
        {
          skipped: T.where(passes, state.skipped, T.add(state.skipped, 1)),
          consecutive,
          elements,
          inner: selectTree(passes, next, state.inner)
        }
      ]
    },
    stages: (grad, state, context) => {
      const { passes } = seen(grad, state)
      const still = filledLike(grad, 0)
      const passed = selectTree(passes, grad, still)
      // The state is that of the inner transform, to which alone it is given.
      const staged = stagesWithin(inner.name, inner as unknown as AnyTransform, passed, state.inner, context)
      const { stages } = mapStages(staged, (value) => selectTree(passes, value, still))
      return { stages: [{ stage: "skip", value: passed }, ...stages] }
    }
  })
}
