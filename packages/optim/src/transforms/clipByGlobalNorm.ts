import { operations as ops, T, type Tensor, Tree, isFloat } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { globalNorm } from "../norm.ts"
import { f64 } from "../scalar.ts"
import { makeTransform, type Transform, type TransformRule } from "../transform.ts"
import { nonNegative, positive, validate } from "../validation.ts"

/** The norm of the last gradient, before clipping: 0 at first. */
export interface LastNorm {
  readonly norm: Tensor<[], "f64">
}

/** Options of clipping by the global norm. */
export interface ClipByGlobalNormOptions {
  /** Added to the norm before dividing by it: 0 unless given (Keras, Optax), 1e-6 in PyTorch. */
  readonly epsilon?: number
}

/** The rule of clipping by the global norm. */
export interface ClipByGlobalNormRule extends TransformRule {
  readonly State: LastNorm
  readonly Options: Required<ClipByGlobalNormOptions> & { readonly limit: Hyper }
}

/**
 * Shortens the whole gradient to at most `limit`: `g' = min(1, limit / (|g| + epsilon)) g`, with `|g|` the norm over all
 * leaves together. A norm that is not finite spreads to every leaf, so that it is seen.
 *
 * Source: Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1.
 * PyTorch: `clip_grad_norm_(params, limit)` has epsilon 1e-6 (`presets.torch.clipByGlobalNorm`); Keras: `global_clipnorm`;
 * Optax: `clip_by_global_norm`.
 *
 * ```ts
 * const clipped = fromTransform(chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam() }), { learningRate: 1e-3 })
 * // state.parts.clip.norm is the norm of the last gradient
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const clipByGlobalNorm = (
  limit: Hyper,
  options: ClipByGlobalNormOptions = {}
): Transform<ClipByGlobalNormRule> => {
  const o = validate(
    "clipByGlobalNorm",
    { epsilon: 0, ...options, limit },
    { limit: hyper(positive), epsilon: nonNegative }
  )
  return makeTransform<ClipByGlobalNormRule, LastNorm>({
    name: "clipByGlobalNorm",
    options: o,
    init: () => ({ norm: f64(0) }),
    update: (grad, _, { step }) => {
      const norm = globalNorm(grad)
      const factor = T.minimum(
        T.div(hyperAt(limit, T.cast(T.sub(step, 1), "f64")), o.epsilon === 0 ? norm : T.add(norm, o.epsilon)),
        1
      )
      return [
        Tree.map(grad, (leaf) => (isFloat(leaf.dtype) ? ops.mul(leaf, ops.cast(factor, leaf.dtype)) : leaf)),
        { norm }
      ]
    }
  })
}
