import { isFloat, Key, operations as ops, T, Tree } from "@cotangent/graph"
import { type Hyper, hyper, hyperAt } from "../hyper.ts"
import { makeTransform, type Transform, type TransformRule } from "../transform.ts"
import { nonNegative, number, validate } from "../validation.ts"

/** The key of the next noise. */
export interface NoiseState {
  readonly key: Key.Key
}

/** Options of gradient noise. */
export interface AddNoiseOptions {
  /** The variance at the first step. */
  readonly eta: Hyper
  /** How fast it falls: 0.55 unless given, as in the paper. */
  readonly gamma?: number
  /** Decides every noise: 0 unless given. */
  readonly seed?: number
}

/** The rule of gradient noise. */
export interface AddNoiseRule extends TransformRule {
  readonly State: NoiseState
  readonly Options: Required<AddNoiseOptions>
}

/**
 * Adds normal noise that dies down: `g' = g + sigma_k n` with `sigma_k^2 = eta / (1 + k)^gamma` at step k, from 0. The key
 * is part of the state: equal states give equal noise.
 *
 * Source: Neelakantan et al. 2015, Adding Gradient Noise Improves Learning for Very Deep Networks, equation 1. Optax:
 * `add_noise(eta, gamma, key)`.
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const addNoise = (options: AddNoiseOptions): Transform<AddNoiseRule> => {
  const o = validate(
    "addNoise",
    { gamma: 0.55, seed: 0, ...options },
    {
      eta: hyper(nonNegative),
      gamma: nonNegative,
      seed: number("a whole number", (x) => Number.isSafeInteger(x))
    }
  )
  return makeTransform<AddNoiseRule, NoiseState>({
    name: "addNoise",
    options: o,
    init: () => ({ key: Key.key(o.seed) }),
    update: (grad, { key }, { step }) => {
      const t = T.cast(step, "f64")
      const sigma = T.sqrt(T.div(hyperAt(o.eta, T.sub(t, 1)), T.pow(t, o.gamma)))
      const [next, own] = Key.split(key)
      return [
        Tree.map(grad, (leaf, _, i) =>
          isFloat(leaf.dtype)
            ? ops.add(
                leaf,
                ops.mul(Key.normal(Key.fold(own, i), leaf.shape, { dtype: leaf.dtype }), ops.cast(sigma, leaf.dtype))
              )
            : leaf
        ),
        { key: next }
      ]
    }
  })
}
