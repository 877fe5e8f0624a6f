import { isFloat, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { filledLike } from "../leafwise.ts"
import { selectTree } from "../paths.ts"
import { makeTransform, type Transform, type TransformRule, type TransformState } from "../transform.ts"
import { count, orAbsent, validate } from "../validation.ts"
import { assertTransforms } from "../given.ts"

/** What is remembered between micro-batches. */
export interface AccumulateState<P, S> {
  /** The sum of the gradients of this group so far. */
  readonly sum: P
  /** How many gradients it holds. */
  readonly seen: Tensor<[], "i32">
  /** How many micro-batches of this epoch were seen. */
  readonly place: Tensor<[], "i32">
  /** How many updates were made. */
  readonly updates: Tensor<[], "i32">
  readonly inner: S
}

/** Options of accumulation. */
export interface AccumulateOptions {
  /** How many micro-batches make a group. */
  readonly every: number
  /** How many micro-batches an epoch has: its last group ends with it, and may be short. */
  readonly epoch?: number
}

/** The rule of accumulation. */
export interface AccumulateRule<F extends TransformRule> extends TransformRule {
  readonly State: AccumulateState<this["P"], TransformState<F, this["P"]>>
  readonly Options: AccumulateOptions & { readonly inner: F["Options"] }
}

/**
 * One update for every group of micro-batches: the inner transform sees the mean of the group's gradients, and nothing
 * moves in between. With `epoch` the last group of an epoch ends with it, and its mean is over the micro-batches it has:
 * groups of 4 in an epoch of 10 are of 4, 4 and 2.
 *
 * The inner transform counts updates, so its schedules and bias corrections go by updates; a schedule outside counts
 * micro-batches. What moves parameters whatever the gradient, such as weight decay, belongs inside. Every micro-batch weighs
 * the same, however many rows it has; `accumulate` of the trainer weighs the rows that count.
 *
 * Optax: `MultiSteps(every_k_schedule)`; Keras: `gradient_accumulation_steps`, neither of which ends a group early.
 *
 * ```ts
 * const optimizer = fromTransform(accumulate(scaleByAdam(), { every: 4, epoch: 10 }), { learningRate: 1e-3 })
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const accumulate = <F extends TransformRule>(
  inner: Transform<F>,
  options: AccumulateOptions
): Transform<AccumulateRule<F>> => {
  assertTransforms("accumulate", { inner })
  const { every, epoch } = validate("accumulate", options, { every: count, epoch: orAbsent(count) })
  const zero = T.zeros([], "i32")
  return makeTransform<AccumulateRule<F>, AccumulateState<unknown, TransformState<F, unknown>>>({
    name: "accumulate",
    options: Object.freeze({ ...options, inner: inner.options }),
    init: (params) => ({
      sum: filledLike(params, 0),
      seen: zero,
      place: zero,
      updates: zero,
      inner: inner.init(params)
    }),
    update: (grad, state, context) => {
      const sum = Tree.zip([state.sum, grad], ([a, g]) => {
        if (a === undefined || g === undefined) throw new RangeError("accumulate: two trees were zipped")
        return isFloat(a.dtype) ? ops.add(a, g) : a
      })
      const [seen, place] = [T.add(state.seen, 1), T.add(state.place, 1)]
      const isLast: Tensor<[], "bool"> = T.greaterEqual(place, epoch ?? 2 ** 31 - 1)
      const isFull = T.or(T.greaterEqual(seen, every), isLast)
      const mean = Tree.map(sum, (leaf) => (isFloat(leaf.dtype) ? ops.div(leaf, ops.cast(seen, leaf.dtype)) : leaf))
      const updates = T.add(state.updates, 1)
      const [direction, next] = inner.update<unknown>(mean, state.inner, { ...context, step: updates })
      const still = filledLike(grad, 0)
      return [
        selectTree(isFull, direction, still),
        {
          sum: selectTree(isFull, still, sum),
          seen: T.where(isFull, zero, seen),
          // Without an epoch there is no place to count.
          place: epoch === undefined ? zero : T.where(isLast, zero, place),
          updates: T.where(isFull, updates, state.updates),
          inner: selectTree(isFull, next, state.inner)
        }
      ]
    }
  })
}
