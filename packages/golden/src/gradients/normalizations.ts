/** torch's normalisations. */
import { T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

/** torch's weight, bias and eps. */
const affine = (call: Call): { readonly scale?: F64; readonly offset?: F64; readonly epsilon: number } => ({
  ...(call.has("weight") ? { scale: call.float("weight") } : {}),
  ...(call.has("bias") ? { offset: call.float("bias") } : {}),
  epsilon: call.number("eps", 1e-5)
})

/** The statistics of every channel that a call gives, channels being the second axis. */
const givenStatistics = (call: Call, x: F64): F64 =>
  T.batchNormInference(x, {
    mean: call.float("running_mean"),
    variance: call.float("running_var"),
    axis: 1,
    ...affine(call)
  })

/** The numbers from `-count` to -1. */
const trailing = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i - count)

/** Normalisations by torch's names. */
export const normalizations: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.layer_norm": {
    parameters: ["input", "normalized_shape", "weight", "bias", "eps"],
    operation: "T.layerNorm",
    apply: (call) =>
      T.layerNorm(call.float("input"), { axis: trailing(call.numbers("normalized_shape").length), ...affine(call) })
  },
  "torch.nn.functional.rms_norm": {
    parameters: ["input", "normalized_shape", "weight", "eps"],
    operation: "T.rmsNorm",
    apply: (call) =>
      T.rmsNorm(call.float("input"), {
        axis: trailing(call.numbers("normalized_shape").length),
        ...affine(call),
        epsilon: call.number("eps", Number.EPSILON)
      })
  },
  "torch.nn.functional.batch_norm": {
    parameters: ["input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"],
    operation: "T.batchNormTraining, T.batchNormInference",
    apply: (call) => {
      const x = call.float("input")
      // The running statistics, which momentum moves, are no output of the call.
      return call.boolean("training", false)
        ? T.batchNormTraining(x, { axis: 1, ...affine(call) }).y
        : givenStatistics(call, x)
    }
  },
  "torch.nn.functional.group_norm": {
    parameters: ["input", "num_groups", "weight", "bias", "eps"],
    operation: "T.groupNorm",
    apply: (call) => T.groupNorm(call.float("input"), { groups: call.number("num_groups"), axis: 1, ...affine(call) })
  },
  "torch.nn.functional.instance_norm": {
    parameters: ["input", "running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps"],
    operation: "T.instanceNorm, T.batchNormInference",
    apply: (call) => {
      const x = call.float("input")
      return call.boolean("use_input_stats", true)
        ? T.instanceNorm(x, { axis: 1, ...affine(call) })
        : givenStatistics(call, x)
    }
  },
  "torch.nn.functional.normalize": {
    parameters: ["input", "p", "dim", "eps", "out"],
    only: { out: null },
    operation: "T.normalize",
    apply: (call) =>
      T.normalize(call.float("input"), {
        axis: call.has("dim") ? call.numbers("dim") : 1,
        p: call.number("p", 2),
        epsilon: call.number("eps", 1e-12)
      })
  },
  "torch.nn.functional.local_response_norm": {
    parameters: ["input", "size", "alpha", "beta", "k"],
    operation: "T.localResponseNorm",
    apply: (call) =>
      T.localResponseNorm(call.float("input"), {
        size: call.number("size"),
        alpha: call.number("alpha", 1e-4),
        beta: call.number("beta", 0.75),
        k: call.number("k", 1),
        axis: 1
      })
  }
}
