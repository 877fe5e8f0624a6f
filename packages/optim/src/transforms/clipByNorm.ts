import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { type StatelessRule, type Transform, transform } from "../transform.ts"
import { nonNegative, positive, validate } from "../validation.ts"
import { unitNorm } from "../unitwise.ts"

/** The rule of clipping by a norm of each leaf. */
export interface ClipByNormRule extends StatelessRule<{ readonly limit: Hyper }> {}

const allAxes = (x: AnyTensor): ReadonlyArray<number> => x.shape.map((_, axis) => axis)
const sumOfSquares = (x: AnyTensor): AnyTensor => ops.reduceSum(ops.mul(x, x), allAxes(x))
const one = (x: AnyTensor): AnyTensor => ops.full([], 1, x.dtype)

/**
 * Shortens each leaf to at most `limit`: `g' = g min(1, limit / |g|)`, with the norm of that leaf alone.
 *
 * Keras: `clipnorm`; see `clipByGlobalNorm` for one norm over all leaves.
 */
export const clipByNorm = (limit: Hyper): Transform<ClipByNormRule> =>
  transform({
    name: "clipByNorm",
    options: validate("clipByNorm", { limit }, { limit: hyper(positive) }),
    slots: [],
    scalars: (t) => ({ bound: hyperAt(limit, T.sub(t, 1)) }),
    update: ({ grad }, { bound }) => ({
      grad: ops.mul(grad, ops.min(ops.div(bound, ops.sqrt(sumOfSquares(grad))), one(grad)))
    })
  })

/** The rule of clipping by the root mean square of each leaf. */
export interface ClipByBlockRmsRule extends StatelessRule<{ readonly limit: Hyper }> {}

/**
 * Shrinks each leaf to a root mean square of at most `limit`: `g' = g / max(1, rms(g) / limit)`.
 *
 * Source: Shazeer and Stern 2018, Adafactor, section 6. Optax: `clip_by_block_rms(threshold)`.
 */
export const clipByBlockRms = (limit: Hyper): Transform<ClipByBlockRmsRule> =>
  transform({
    name: "clipByBlockRms",
    options: validate("clipByBlockRms", { limit }, { limit: hyper(positive) }),
    slots: [],
    scalars: (t) => ({ bound: hyperAt(limit, T.sub(t, 1)) }),
    update: ({ grad }, { bound }) => {
      const size = grad.shape.reduce((a, b) => a * b, 1)
      const rms = ops.sqrt(ops.div(sumOfSquares(grad), size))
      return { grad: ops.div(grad, ops.max(ops.div(rms, bound), one(grad))) }
    }
  })

/** Options of adaptive clipping. */
export interface AdaptiveClipOptions {
  /** lambda, the largest ratio of a gradient's norm to its weights': 0.01 unless given. */
  readonly limit?: Hyper
  /** What weights count at least: 1e-3 unless given. */
  readonly epsilon?: number
}

/** The rule of adaptive clipping. */
export interface AdaptiveClipRule extends StatelessRule<Required<AdaptiveClipOptions>> {}

/**
 * Adaptive gradient clipping: for each unit `g' = g min(1, limit max(|theta|, epsilon) / |g|)`, a unit being what feeds
 * one output (all axes of a kernel but the last); biases and scalars are one unit.
 *
 * Source: Brock, De, Smith and Simonyan 2021, High-Performance Large-Scale Image Recognition Without Normalization,
 * equation 3. Optax: `adaptive_grad_clip(clipping, eps)`. The paper leaves the last linear layer out: see `masked`.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adaptiveClip = (options: AdaptiveClipOptions = {}): Transform<AdaptiveClipRule> => {
  const o = validate(
    "adaptiveClip",
    { limit: 0.01, epsilon: 1e-3, ...options },
    { limit: hyper(positive), epsilon: nonNegative }
  )
  return transform({
    name: "adaptiveClip",
    options: o,
    slots: [],
    scalars: (t) => ({ bound: hyperAt(o.limit, T.sub(t, 1)) }),
    update: ({ params, grad }, { bound }) => {
      const largest = ops.mul(ops.max(unitNorm(params), o.epsilon), bound)
      return { grad: ops.mul(grad, ops.min(ops.div(largest, unitNorm(grad)), one(grad))) }
    }
  })
}
