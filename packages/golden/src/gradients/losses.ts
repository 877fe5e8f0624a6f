/**
 * torch's losses. Losses here give one number per sample, the mean over a sample's elements; torch's `reduction` says
 * what is made of them, so it is read in one place, `reduced`, and an adapter still names one public operation.
 */
import { type AnyTensor, sizeOf, T } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import type { Adapter, Built, Call } from "./call.ts"

/**
 * torch's `reduction` of losses per sample. torch's sum and none are over elements, so they exist only where a sample is
 * one element; its mean over elements is the mean of the samples' means.
 */
const reduced = (call: Call, perSample: AnyTensor, elementsPerSample: number): Built => {
  const reduction = call.text("reduction", "mean")
  if (reduction === "mean") return T.mean(perSample)
  if (elementsPerSample !== 1) return call.missing(`with reduction=${reduction} over elements`)
  return reduction === "sum" ? T.sum(perSample) : perSample
}

/** What torch would also accept; its default changes nothing. */
const old = { size_average: null, reduce: null, weight: null }

const values = (
  operation: string,
  parameters: ReadonlyArray<string>,
  only: Adapter["only"],
  loss: (call: Call) => Loss.Loss<"values">
): Adapter => ({
  parameters: ["input", "target", ...parameters, "reduction"],
  only: { ...old, ...only },
  operation,
  apply: (call) => {
    const [x, y] = [call.float("input"), call.float("target")]
    return reduced(call, Loss.forgetShapes(loss(call))(x, y), sizeOf(x.shape.slice(1)))
  }
})

const crossEntropy: Adapter = {
  parameters: ["input", "target", "weight", "size_average", "ignore_index", "reduce", "reduction", "label_smoothing"],
  only: old,
  operation: "Loss.sparseCategoricalCrossentropy, Loss.categoricalCrossentropy",
  apply: (call) => {
    const x = call.float("input")
    const labelSmoothing = call.number("label_smoothing", 0)
    if (call.has("ignore_index")) return call.missing("with ignore_index")
    if (x.shape.length !== 2) return call.missing("with classes on an axis other than the last")
    if (call.isFloat("target")) {
      const loss = Loss.categoricalCrossentropy({ fromLogits: true, labelSmoothing })
      return reduced(call, Loss.forgetShapes(loss)(x, call.float("target")), 1)
    }
    if (labelSmoothing !== 0) return call.missing("with label_smoothing of class numbers")
    // torch leaves out rows whose target is its default ignore_index, -100.
    if (Array.from(call.known("target")).includes(-100)) return call.missing("with an ignored target")
    return reduced(
      call,
      Loss.forgetShapes(Loss.sparseCategoricalCrossentropy({ fromLogits: true }))(x, call.indices("target")),
      1
    )
  }
}

/** Losses by torch's names. */
export const losses: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.mse_loss": values("Loss.meanSquaredError", [], {}, () => Loss.meanSquaredError),
  "torch.nn.functional.l1_loss": values("Loss.meanAbsoluteError", [], {}, () => Loss.meanAbsoluteError),
  "torch.nn.functional.huber_loss": {
    ...values("Loss.huber", [], {}, (call) => Loss.huber({ delta: call.number("delta", 1) })),
    parameters: ["input", "target", "reduction", "delta"]
  },
  "torch.nn.functional.binary_cross_entropy_with_logits": values(
    "Loss.binaryCrossentropy",
    [],
    { pos_weight: null },
    () => Loss.binaryCrossentropy({ fromLogits: true })
  ),
  "torch.nn.functional.cross_entropy": crossEntropy
}
