/** Weight decay, and the sign of the objective: what happens to gradient and parameters before the rule proper. */
import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { f64, type Scalar } from "./scalar.ts"
import { flag, nonNegative, oneOf } from "./validation.ts"

/**
 * How weights decay: `"l2"` adds `weightDecay * params` to the gradient, as an L2 penalty `weightDecay / 2 |params|^2`
 * in the loss would; `"decoupled"` multiplies the parameters by `1 - learningRate * weightDecay` before the step.
 *
 * Source: Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization. As in PyTorch, Keras and Optax, the
 * decoupled decay is multiplied by the learning rate; the paper's lambda is `learningRate * weightDecay` here.
 */
export type WeightDecayMode = "l2" | "decoupled"

/** Options that all rules with weight decay share. */
export interface DecayOptions {
  /** 0 unless given. */
  readonly weightDecay?: number
  /** PyTorch and Optax: `"l2"` except in AdamW; Keras: `"decoupled"` everywhere. */
  readonly weightDecayMode?: WeightDecayMode
  /** Whether to go up the gradient instead of down. */
  readonly maximize?: boolean
}

export const decayDefaults = { weightDecay: 0, weightDecayMode: "l2", maximize: false } as const
export const decayRequirements = { weightDecay: nonNegative, weightDecayMode: oneOf("l2", "decoupled"), maximize: flag }

/** The gradient to descend: its sign turned if the objective is to be maximised, the L2 term added. */
export const descended = (
  grad: AnyTensor,
  params: AnyTensor,
  { weightDecay, weightDecayMode, maximize }: Required<DecayOptions>
): AnyTensor => {
  const down = maximize ? ops.neg(grad) : grad
  return weightDecay === 0 || weightDecayMode === "decoupled" ? down : ops.add(down, ops.mul(params, weightDecay))
}

/** `1 - learningRate * weightDecay`. */
export const keptBy = (rate: Scalar, { weightDecay }: Required<DecayOptions>): Scalar =>
  T.sub(f64(1), T.mul(rate, weightDecay))

/** The parameters after decoupled decay, which keeps the part `kept` of them. */
export const decayed = (
  params: AnyTensor,
  kept: AnyTensor,
  { weightDecay, weightDecayMode }: Required<DecayOptions>
): AnyTensor => (weightDecay === 0 || weightDecayMode === "l2" ? params : ops.mul(params, kept))
