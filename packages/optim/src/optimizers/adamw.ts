import type { Optimizer } from "../optimizer.ts"
import { adamDefaults, adamNamed, type AdamOptions, type AdamRuleOf, type AmsgradMode } from "./adam.ts"

/** Options of AdamW: Adam's, except that weight decay is decoupled, and 0.01 unless given. */
export type AdamWOptions<A extends AmsgradMode = AmsgradMode> = Omit<AdamOptions<A>, "weightDecayMode">

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
  adamNamed("adamw", { ...adamDefaults, weightDecay: 0.01, ...options, weightDecayMode: "decoupled" })
