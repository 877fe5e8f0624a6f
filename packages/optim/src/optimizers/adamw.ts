import { document } from "../document.ts"
import type { Optimizer } from "../optimizer.ts"
import { adamDefaults, adamNamed, type AdamOptions, type AdamRuleOf, type AmsgradMode } from "./adam.ts"

/** Options of AdamW: Adam's, except that weight decay is decoupled, and 0.01 unless given. */
export type AdamWOptions<A extends AmsgradMode = AmsgradMode> = Omit<AdamOptions<A>, "weightDecayMode">

/** AdamW in words. */
export const adamwDocument = document({
  name: "adamw",
  summary: "Adam with weight decay that is no part of the gradient.",
  equation: "theta' = (1 - eta lambda) theta - eta m' / (1 - beta1^t) / (sqrt(v' / (1 - beta2^t)) + epsilon)",
  source: "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2",
  slots: {
    m: "the moving average of gradients",
    v: "the moving average of squared gradients",
    vMax: "the largest v so far, with amsgrad"
  },
  conventions: {
    weightDecay: "multiplied by the learning rate; 0.01 in PyTorch, 0.004 in Keras, 1e-4 in Optax",
    epsilonMode: "as in adam",
    amsgrad: "as in adam"
  },
  traits: { rests: false, scaleInvariant: true }
})

/**
 * AdamW, Adam with decoupled weight decay: `theta' = (1 - eta lambda) theta - alpha m^ / (sqrt(v^) + epsilon)`.
 *
 * Source: Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2. As in PyTorch, Keras and Optax
 * the decay is multiplied by the learning rate. Its default differs: 0.01 (PyTorch, and here), 0.004 (Keras), 1e-4
 * (Optax); presets `presets.keras.adamw` and so on.
 *
 * ```ts
 * const optimizer = adamw({ learningRate: warmup(cosine({ from: 1e-3, steps: 900 }), { steps: 100 }), weightDecay: 0.1 })
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const adamw = <A extends AmsgradMode = false>(options: AdamWOptions<A> = {}): Optimizer<AdamRuleOf<A>> =>
  adamNamed("adamw", { ...adamDefaults, weightDecay: 0.01, weightDecayMode: "decoupled", ...options })
