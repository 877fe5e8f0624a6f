/** torch's reductions, and softmax. */
import { T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

type Options = ReturnType<Call["reduction"]>

const reduction = (operation: string, f: (x: F64, options: Options) => F64): Adapter => ({
  parameters: ["input", "dim", "keepdim"],
  operation,
  apply: (call) => f(call.float("input"), call.reduction())
})

const along = (operation: string, f: (x: F64, axis: number) => F64): Adapter => ({
  parameters: ["input", "dim"],
  operation,
  apply: (call) => {
    const x = call.float("input")
    return f(x, call.axis("dim", x))
  }
})

/** Reductions by torch's names. */
export const reductions: { readonly [op: string]: Adapter } = {
  "torch.sum": reduction("T.sum", (x, options) => T.sum(x, options)),
  "torch.mean": reduction("T.mean", (x, options) => T.mean(x, options)),
  "torch.amax": reduction("T.max", (x, options) => T.max(x, options)),
  "torch.amin": reduction("T.min", (x, options) => T.min(x, options)),
  // Over all elements ties share the derivative; along an axis torch gives it to one index and also returns which.
  "torch.max": { parameters: ["input"], operation: "T.max", apply: (call) => T.max(call.float("input")) },
  "torch.min": { parameters: ["input"], operation: "T.min", apply: (call) => T.min(call.float("input")) },
  "torch.logsumexp": reduction("T.logsumexp", (x, options) => T.logsumexp(x, options)),
  "torch.var": {
    parameters: ["input", "dim", "unbiased", "keepdim"],
    operation: "T.variance",
    apply: (call) =>
      call.boolean("unbiased", true)
        ? call.missing("with unbiased=true")
        : T.variance(call.float("input"), call.reduction())
  },
  "torch.argmax": {
    parameters: ["input", "dim", "keepdim"],
    operation: "T.argmax",
    apply: (call) => {
      if (!call.has("dim")) return call.missing("over all axes")
      const x = call.float("input")
      return T.argmax(x, { axis: call.axis("dim", x), keepDims: call.boolean("keepdim", false) })
    }
  },
  "torch.nn.functional.softmax": along("T.softmax", (x, axis) => T.softmax(x, { axis })),
  "torch.softmax": along("T.softmax", (x, axis) => T.softmax(x, { axis })),
  "torch.nn.functional.log_softmax": along("T.logSoftmax", (x, axis) => T.logSoftmax(x, { axis })),
  "torch.log_softmax": along("T.logSoftmax", (x, axis) => T.logSoftmax(x, { axis }))
}
