/** The stages of the rules with moments: gradient, decay, momentum, scaling, correction. */
import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { corrections, denominator, type DenominatorOptions } from "../moments.ts"
import { biasCorrection, f64, power, type Scalar } from "../scalar.ts"
import type { DecayOptions } from "../weightDecay.ts"
import { beforeRule, descendedBy, withDecoupledDecay } from "./plain.ts"
import { signalToNoise, type StageRule } from "./stages.ts"

type Decay = Required<DecayOptions>

/**
 * Adam: `momentum` puts m' in place of g, `scaling` divides by `sqrt(v') + epsilon`, `correction` divides both moments by
 * the weights of their averages, `maximum` (AMSGrad) puts the largest second moment in place of v'.
 */
export const adamStages =
  (
    o: DenominatorOptions & Decay & { readonly amsgrad?: false | "raw" | "corrected" }
  ): StageRule<"m" | "v", "vMax", never> =>
  (leaf, { m, v, vMax }, { t, rate, as }) => {
    const { c1, c2, rootC2 } = corrections(t, o)
    const weights = { c2: as(c2), rootC2: as(rootC2) }
    const descent = as(T.neg(rate))
    const corrected = o.amsgrad === "corrected"
    const sized = as(T.neg(T.div(o.epsilonMode === "hat" ? T.mul(rate, rootC2) : rate, c1)))
    const moved = ops.mul(m, descent)
    const quotient = (second: AnyTensor, isCorrected: boolean): AnyTensor =>
      ops.div(ops.mul(m, sized), denominator(second, isCorrected, weights, o))
    const before = beforeRule(leaf, o, descent)
    const first = ops.div(m, as(c1))
    const changes = [
      ...before,
      ["momentum", moved],
      ["scaling", ops.div(moved, denominator(v, true, weights, o))],
      ["correction", quotient(v, false)],
      ...(vMax === undefined ? [] : [["maximum", quotient(vMax, corrected)] as const])
    ] as const
    return {
      changes: withDecoupledDecay(changes, leaf.params, o, rate, as),
      signalToNoise: signalToNoise(first, ops.div(v, weights.c2))
    }
  }

/** NAdam: Adam's stages, and `lookahead`, which takes a part of the new gradient and the momentum of the next step. */
export const nadamStages =
  (
    o: { readonly beta1: number; readonly beta2: number; readonly epsilon: number } & Decay,
    momentum: (t: Scalar) => Scalar
  ): StageRule<"m" | "v", never, "product"> =>
  (leaf, { m, v }, { t, rate, as, running: { product } }) => {
    const descent = as(T.neg(rate))
    const [c1, c2] = [biasCorrection(o.beta1, t), biasCorrection(o.beta2, t)]
    const next = momentum(T.add(t, 1))
    const left = (x: Scalar): Scalar => T.add(T.neg(x), 1)
    const g = descendedBy(leaf, o)
    const byGradient = as(T.neg(T.div(T.mul(rate, left(momentum(t))), left(product))))
    const byMoment = as(T.neg(T.div(T.mul(rate, next), left(T.mul(product, next)))))
    const unbiased = ops.div(v, as(c2))
    const divisor = ops.add(ops.sqrt(unbiased), o.epsilon)
    const first = ops.div(m, as(c1))
    const changes = [
      ...beforeRule(leaf, o, descent),
      ["momentum", ops.mul(m, descent)],
      ["scaling", ops.div(ops.mul(m, descent), ops.add(ops.sqrt(v), o.epsilon))],
      ["correction", ops.div(ops.mul(first, descent), divisor)],
      ["lookahead", ops.div(ops.add(ops.mul(g, byGradient), ops.mul(m, byMoment)), divisor)]
    ] as const
    return {
      changes: withDecoupledDecay(changes, leaf.params, o, rate, as),
      signalToNoise: signalToNoise(first, unbiased)
    }
  }

/** RAdam: `momentum`, `correction` of the first moment, and `rectification`, which scales from the step on where it can. */
export const radamStages =
  (o: DenominatorOptions & Decay & { readonly threshold: number }): StageRule<"m" | "v", never, never> =>
  (leaf, { m, v }, { t, rate, as }) => {
    const { c1, c2, rootC2 } = corrections(t, o)
    const rho = 2 / (1 - o.beta2) - 1
    const length: Scalar = T.sub(f64(rho), T.div(T.mul(T.mul(t, 2), power(o.beta2, t)), c2))
    const adaptive = T.greater(length, o.threshold)
    const ratio = T.div(T.mul(T.sub(length, 4), T.sub(length, 2)), T.mul(length, ((rho - 4) * (rho - 2)) / rho))
    const rectified: Scalar = T.sqrt(T.where(adaptive, ratio, f64(1)))
    const hat: Scalar = o.epsilonMode === "hat" ? T.where(adaptive, rootC2, f64(1)) : f64(1)
    const plain = as(T.neg(rate))
    const first = ops.div(m, as(c1))
    const divisor = ops.select(adaptive, denominator(v, false, { c2: as(c2), rootC2: as(rootC2) }, o), 1)
    const sized = as(T.neg(T.mul(T.mul(rate, rectified), hat)))
    const changes = [
      ...beforeRule(leaf, o, plain),
      ["momentum", ops.mul(m, plain)],
      ["correction", ops.mul(first, plain)],
      ["rectification", ops.div(ops.mul(first, sized), divisor)]
    ] as const
    return {
      changes: withDecoupledDecay(changes, leaf.params, o, rate, as),
      signalToNoise: signalToNoise(first, ops.div(v, as(c2)))
    }
  }

/** Adamax: `momentum`, `scaling` by the largest recent gradient, `correction` of the first moment. */
export const adamaxStages =
  (
    o: { readonly beta1: number; readonly epsilon: number; readonly epsilonMode: "inside" | "outside" } & Decay
  ): StageRule<"m" | "u", never, never> =>
  (leaf, { m, u }, { t, rate, as }) => {
    const descent = as(T.neg(rate))
    const divisor = o.epsilonMode === "inside" ? u : ops.add(u, o.epsilon)
    const sized = as(T.neg(T.div(rate, biasCorrection(o.beta1, t))))
    const changes = [
      ...beforeRule(leaf, o, descent),
      ["momentum", ops.mul(m, descent)],
      ["scaling", ops.div(ops.mul(m, descent), divisor)],
      ["correction", ops.div(ops.mul(m, sized), divisor)]
    ] as const
    return { changes: withDecoupledDecay(changes, leaf.params, o, rate, as) }
  }

/** RMSprop: `scaling`, and where there is a velocity `momentum`. */
export const rmspropStages =
  (
    o: {
      readonly rho: number
      readonly epsilon: number
      readonly epsilonMode: "inside" | "outside"
      readonly momentum: number | undefined
      readonly velocityMode: "gradients" | "steps"
    } & Decay
  ): StageRule<"v", "m" | "velocity", never> =>
  (leaf, { v, m, velocity }, { rate, as }) => {
    const descent = as(T.neg(rate))
    const spread = m === undefined ? v : ops.sub(v, ops.mul(m, m))
    const divisor =
      o.epsilonMode === "inside" ? ops.sqrt(ops.add(spread, o.epsilon)) : ops.add(ops.sqrt(spread), o.epsilon)
    const changes = [
      ...beforeRule(leaf, o, descent),
      ["scaling", ops.div(ops.mul(descendedBy(leaf, o), descent), divisor)],
      ...(velocity === undefined
        ? []
        : [["momentum", o.velocityMode === "steps" ? velocity : ops.mul(velocity, descent)] as const])
    ] as const
    return {
      changes: withDecoupledDecay(changes, leaf.params, o, rate, as),
      ...(m === undefined ? {} : { signalToNoise: signalToNoise(m, v) })
    }
  }

/** Adagrad: `scaling` by the root of the sum of squares; `annealing` where the rate falls with the step. */
export const adagradStages =
  (
    o: {
      readonly learningRateDecay: number
      readonly epsilon: number
      readonly epsilonMode: "inside" | "outside"
    } & Decay
  ): StageRule<"sum", never, never> =>
  (leaf, { sum }, { t, rate, as }) => {
    const descent = as(T.neg(rate))
    const divisor = o.epsilonMode === "inside" ? ops.sqrt(ops.add(sum, o.epsilon)) : ops.add(ops.sqrt(sum), o.epsilon)
    const annealed = as(T.neg(T.div(rate, T.add(T.mul(T.sub(t, 1), o.learningRateDecay), 1))))
    const g = descendedBy(leaf, o)
    const changes = [
      ...beforeRule(leaf, o, descent),
      ["scaling", ops.div(ops.mul(g, descent), divisor)],
      ...(o.learningRateDecay === 0 ? [] : [["annealing", ops.div(ops.mul(g, annealed), divisor)] as const])
    ] as const
    return { changes: withDecoupledDecay(changes, leaf.params, o, rate, as) }
  }

/** Adadelta: `scaling` by the root mean square of gradients, `unit` by that of steps. */
export const adadeltaStages =
  (o: { readonly rho: number; readonly epsilon: number } & Decay): StageRule<"v" | "d", never, never> =>
  (leaf, { v }, { rate, as }) => {
    const descent = as(T.neg(rate))
    const divisor = ops.sqrt(ops.add(v, o.epsilon))
    const moved = ops.mul(descendedBy(leaf, o), descent)
    const changes = [
      ...beforeRule(leaf, o, descent),
      ["scaling", ops.div(moved, divisor)],
      ["unit", ops.mul(ops.div(ops.sqrt(ops.add(leaf.d, o.epsilon)), divisor), moved)]
    ] as const
    return { changes: withDecoupledDecay(changes, leaf.params, o, rate, as) }
  }

/** The teaching variant: `momentum`, `correction` of the first moment, `scaling` as printed. */
export const adamAsPrintedStages =
  (o: { readonly beta1: number; readonly beta2: number }): StageRule<"m" | "v", never, never> =>
  ({ grad }, { m, v }, { t, rate, as }) => {
    const descent = as(T.neg(rate))
    const [c1, c2] = [biasCorrection(o.beta1, t), biasCorrection(o.beta2, t)]
    const sized = as(T.neg(T.div(rate, c1)))
    const root = as(T.mul(c2, T.sqrt(power(o.beta2, t))))
    return {
      changes: [
        ["gradient", ops.mul(grad, descent)],
        ["momentum", ops.mul(m, descent)],
        ["correction", ops.mul(m, sized)],
        ["scaling", ops.div(ops.mul(m, sized), ops.add(ops.div(ops.sqrt(v), root), 1))]
      ],
      signalToNoise: signalToNoise(ops.div(m, as(c1)), ops.div(v, as(c2)))
    }
  }
