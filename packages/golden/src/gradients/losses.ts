/**
 * torch's losses. A loss here is a function of output and target whose reductions have other names than torch's; they
 * are translated in one place, `reducing`.
 */
import { Axes, type Float, type Shape, T, type Tensor } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import type { F64 } from "../targets.ts"
import type { Adapter, Built, Call } from "./call.ts"

/** What torch still accepts from old programs; its defaults change nothing. */
export const old = { size_average: null, reduce: null } as const

const names: { readonly [reduction: string]: Loss.Reduction } = {
  mean: "mean",
  sum: "sum",
  none: "none",
  batchmean: "batchMean"
}

/** torch's `reduction`. */
export const reducing = (call: Call): { readonly reduction: Loss.Reduction } => {
  const given = call.text("reduction", "mean")
  const reduction = names[given]
  if (reduction === undefined) throw new TypeError(`${call.op}: ${given} is no reduction`)
  return { reduction }
}

/** torch's `weight` of elements, after which a mean divides by their number; it broadcasts from the last axis. */
const weighing = (call: Call, x: F64) => {
  const { reduction } = reducing(call)
  if (!call.has("weight")) return { reduction }
  const sampleWeight: F64 = T.broadcastTo(call.float("weight"), x.shape.map(Number))
  return { reduction: reduction === "mean" ? ("meanOfWeighted" as const) : reduction, sampleWeight }
}

/** torch's `weight` of classes. */
export const classWeights = (call: Call): { readonly classWeights?: Tensor<Shape, Float> } =>
  call.has("weight") ? { classWeights: call.float("weight") } : {}

/** Targets of the shape of the output; torch also broadcasts them, and warns. */
const pair = (call: Call): readonly [F64, F64] | undefined => {
  const [x, y] = [call.float("input"), call.float("target")]
  return Axes.sameShape(x.shape, y.shape) ? [x, y] : undefined
}

/** A loss of elements. `parameters` are torch's, in torch's order. */
export const elements = (
  operation: string,
  parameters: ReadonlyArray<string>,
  lossOf: (call: Call) => Loss.ElementLoss
): Adapter => ({
  parameters,
  only: old,
  operation,
  apply: (call): Built => {
    const operands = pair(call)
    if (operands === undefined) return call.missing("with a target that broadcasts")
    const [x, y] = operands
    return lossOf(call)(x, y, weighing(call, x))
  }
})

const plain = ["input", "target", "size_average", "reduce", "reduction"]
const withWeight = ["input", "target", "weight", "size_average", "reduce", "reduction"]

/** Classes lie on the second axis, or on the first of a single row. */
const classAxis = (x: F64): { readonly axis: number } => ({ axis: x.shape.length === 1 ? 0 : 1 })

const crossEntropy: Adapter = {
  parameters: ["input", "target", "weight", "size_average", "ignore_index", "reduce", "reduction", "label_smoothing"],
  only: old,
  operation: "Loss.sparseCategoricalCrossentropy, Loss.categoricalCrossentropy",
  apply: (call) => {
    const x = call.float("input")
    const options = {
      fromLogits: true,
      labelSmoothing: call.number("label_smoothing", 0),
      ...classWeights(call)
    }
    const reduction = { ...reducing(call), ...classAxis(x) }
    if (call.isFloat("target")) return Loss.categoricalCrossentropy(options)(x, call.float("target"), reduction)
    const ignoreIndex = call.number("ignore_index", -100)
    return Loss.sparseCategoricalCrossentropy({ ...options, ignoreIndex })(x, call.indices("target"), reduction)
  }
}

const nll: Adapter = {
  parameters: ["input", "target", "weight", "size_average", "ignore_index", "reduce", "reduction"],
  only: old,
  operation: "Loss.nll",
  apply: (call) => {
    const x = call.float("input")
    const loss = Loss.nll({ ignoreIndex: call.number("ignore_index", -100), ...classWeights(call) })
    return loss(x, call.indices("target"), { ...reducing(call), ...classAxis(x) })
  }
}

const gaussianNll: Adapter = {
  parameters: ["input", "target", "var", "full", "eps", "reduction"],
  operation: "Loss.gaussianNll",
  apply: (call) =>
    Loss.gaussianNll({ full: call.boolean("full", false), epsilon: call.number("eps", 1e-6) })(
      call.float("input"),
      call.float("target"),
      call.float("var"),
      reducing(call)
    )
}

/** Losses by torch's names. */
export const losses: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.mse_loss": elements("Loss.meanSquaredError", plain, () => Loss.meanSquaredError),
  "torch.nn.functional.l1_loss": elements("Loss.meanAbsoluteError", plain, () => Loss.meanAbsoluteError),
  "torch.nn.functional.huber_loss": elements("Loss.huber", ["input", "target", "reduction", "delta"], (call) =>
    Loss.huber({ delta: call.number("delta", 1) })
  ),
  "torch.nn.functional.smooth_l1_loss": elements("Loss.smoothL1", [...plain, "beta"], (call) =>
    Loss.smoothL1({ beta: call.number("beta", 1) })
  ),
  "torch.nn.functional.binary_cross_entropy": elements("Loss.binaryCrossentropy", withWeight, () =>
    Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0, leastLog: -100 })
  ),
  "torch.nn.functional.binary_cross_entropy_with_logits": elements(
    "Loss.binaryCrossentropy",
    [...withWeight, "pos_weight"],
    (call) =>
      Loss.binaryCrossentropy({
        fromLogits: true,
        ...(call.has("pos_weight") ? { posWeight: call.float("pos_weight") } : {})
      })
  ),
  "torch.nn.functional.kl_div": elements("Loss.relativeEntropy", [...plain, "log_target"], (call) =>
    Loss.relativeEntropy({ logTarget: call.boolean("log_target", false) })
  ),
  "torch.nn.functional.poisson_nll_loss": elements(
    "Loss.poissonNll",
    ["input", "target", "log_input", "full", "size_average", "eps", "reduce", "reduction"],
    (call) =>
      Loss.poissonNll({
        logInput: call.boolean("log_input", true),
        full: call.boolean("full", false),
        epsilon: call.number("eps", 1e-8)
      })
  ),
  "torch.nn.functional.gaussian_nll_loss": gaussianNll,
  "torch.nn.functional.cross_entropy": crossEntropy,
  "torch.nn.functional.nll_loss": nll
}
