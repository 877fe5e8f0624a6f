/** The stages of the rules without moments, and those that all rules share: sign, L2 decay, decoupled decay. */
import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { type DecayOptions, descended } from "../weightDecay.ts"
import type { StagedTensors, StageRule } from "./stages.ts"

type Decay = Required<DecayOptions>
interface Pair {
  readonly params: AnyTensor
  readonly grad: AnyTensor
}

/** The gradient after the sign of the objective and the L2 term. */
export const descendedBy = ({ grad, params }: Pair, o: Decay): AnyTensor => descended(grad, params, o)

/** What happens before the rule proper: `gradient`, `maximize`, and `decay` as an L2 term. */
export const beforeRule = (leaf: Pair, o: Decay, descent: AnyTensor): StagedTensors => [
  ["gradient", ops.mul(leaf.grad, descent)],
  ...(o.maximize ? [["maximize", ops.mul(ops.neg(leaf.grad), descent)] as const] : []),
  ...(o.weightDecay > 0 && o.weightDecayMode === "l2"
    ? [["decay", ops.mul(descendedBy(leaf, o), descent)] as const]
    : [])
]

/** The stages, and at the end `decay` where it is decoupled: `-rate weightDecay theta`. */
export const withDecoupledDecay = (
  changes: StagedTensors,
  params: AnyTensor,
  o: Decay,
  rate: Scalar,
  as: (scalar: Scalar) => AnyTensor
): StagedTensors => {
  const last = changes.at(-1)?.[1]
  if (last === undefined || o.weightDecay === 0 || o.weightDecayMode === "l2") return changes
  return [...changes, ["decay", ops.sub(last, ops.mul(params, as(T.mul(rate, o.weightDecay))))]]
}

/** Gradient descent has one stage. */
export const gradientDescentStages: StageRule<never, never, never> = ({ grad }, _, { rate, as }) => ({
  changes: [["gradient", ops.mul(grad, as(T.neg(rate)))]]
})

/** Momentum: `momentum` puts the velocity in place of the gradient, `lookahead` is Nesterov's part. */
export const sgdStages =
  (
    o: {
      readonly momentum: number | undefined
      readonly nesterov: boolean
      readonly velocityMode: "gradients" | "steps"
    } & Decay
  ): StageRule<never, "velocity", never> =>
  (leaf, { velocity }, { rate, as }) => {
    const descent = as(T.neg(rate))
    const before = beforeRule(leaf, o, descent)
    if (velocity === undefined) return { changes: withDecoupledDecay(before, leaf.params, o, rate, as) }
    const moved = o.velocityMode === "steps" ? velocity : ops.mul(velocity, descent)
    const ahead = ops.add(ops.mul(descendedBy(leaf, o), descent), ops.mul(moved, o.momentum ?? 0))
    const changes = [...before, ["momentum", moved], ...(o.nesterov ? [["lookahead", ahead] as const] : [])] as const
    return { changes: withDecoupledDecay(changes, leaf.params, o, rate, as) }
  }

/** Averaged SGD: `annealing`, by which the rate falls, and `shrinking` by lambda. */
export const asgdStages =
  (o: { readonly lambda: number; readonly power: number } & Decay): StageRule<"average", never, never> =>
  (leaf, _, { t, rate, as }) => {
    const eta: Scalar = T.div(rate, T.pow(T.add(T.mul(T.mul(rate, T.sub(t, 1)), o.lambda), 1), o.power))
    const change = ops.mul(descendedBy(leaf, o), as(T.neg(eta)))
    const decays = o.weightDecay > 0 && o.weightDecayMode === "decoupled"
    const left = T.sub(f64(1), T.mul(eta, decays ? o.weightDecay : 0))
    const shrunk = T.mul(left, T.sub(f64(1), T.mul(eta, o.lambda)))
    return {
      changes: [
        ...beforeRule(leaf, o, as(T.neg(rate))),
        ["annealing", change],
        ["shrinking", ops.add(change, ops.mul(leaf.params, as(T.sub(shrunk, 1))))]
      ]
    }
  }

/** Rprop: `sign` moves by the size that each element has, whatever the size of its gradient. */
export const rpropStages =
  (rate: number): StageRule<"size" | "previous", never, never> =>
  ({ grad }, { size, previous }) => ({
    changes: [
      ["gradient", ops.mul(grad, -rate)],
      ["sign", ops.neg(ops.mul(ops.sign(previous), size))]
    ]
  })
