/** PyTorch: the tensors of a `state_dict()`, by the names of modules. https://pytorch.org/docs/stable/nn.html */
import type { Framework } from "./framework.ts"
import type { Slot } from "./slot.ts"

const same = (ours: string, theirs: string): Slot => ({ ours: [ours], theirs: [theirs] })
/** A matrix `[in, out]` of ours is `[out, in]` there. */
const turned = (ours: string, theirs: string): Slot => ({ ours: [ours], theirs: [theirs], axes: [1, 0] })

/** Kernels `[...window, in, out]` are `[out, in, ...window]` there. */
const convolution = (axes: ReadonlyArray<number>): ReadonlyArray<Slot> => [
  { ours: ["kernel"], theirs: ["weight"], axes },
  same("bias", "bias")
]

/** Kernels `[...window, channels, multiplier]` are `[channels multiplier, 1, ...window]` there. */
const depthwise = (ours: string, theirs: string, axes: ReadonlyArray<number>): Slot => ({
  ours: [ours],
  theirs: [theirs],
  axes,
  shape: ([channels = 1, multiplier = 1, ...window]) => [channels * multiplier, 1, ...window]
})

const separable = (window: ReadonlyArray<number>, axes: ReadonlyArray<number>): ReadonlyArray<Slot> => [
  depthwise("depthwiseKernel", "depthwise.weight", window),
  { ours: ["pointwiseKernel"], theirs: ["pointwise.weight"], axes },
  same("bias", "pointwise.bias")
]

const recurrent: ReadonlyArray<Slot> = [
  turned("kernel", "weight_ih_l0"),
  turned("recurrentKernel", "weight_hh_l0"),
  // Both biases are added to the same sums.
  { ours: ["bias"], theirs: ["bias_ih_l0", "bias_hh_l0"] }
]

const norm: ReadonlyArray<Slot> = [same("scale", "weight"), same("offset", "bias")]

/** PyTorch's modules. Gates are i, f, g, o and r, z, n in both. */
export const torch: Framework = {
  name: "PyTorch",
  separator: ".",
  slots: {
    Dense: [turned("kernel", "weight"), same("bias", "bias")],
    Conv1d: convolution([2, 1, 0]),
    Conv2d: convolution([3, 2, 0, 1]),
    Conv1dTranspose: convolution([2, 1, 0]),
    Conv2dTranspose: convolution([3, 2, 0, 1]),
    DepthwiseConv1d: [depthwise("kernel", "weight", [1, 2, 0]), same("bias", "bias")],
    DepthwiseConv2d: [depthwise("kernel", "weight", [2, 3, 0, 1]), same("bias", "bias")],
    SeparableConv1d: separable([1, 2, 0], [2, 1, 0]),
    SeparableConv2d: separable([2, 3, 0, 1], [3, 2, 0, 1]),
    Embedding: [same("embeddings", "weight")],
    Positions: [same("embeddings", "weight")],
    BatchNorm: [...norm, same("mean", "running_mean"), same("variance", "running_var")],
    LayerNorm: norm,
    GroupNorm: norm,
    InstanceNorm: norm,
    RmsNorm: [same("scale", "weight")],
    Lstm: recurrent,
    SimpleRnn: recurrent,
    Gru: [
      turned("kernel", "weight_ih_l0"),
      turned("recurrentKernel", "weight_hh_l0"),
      same("bias", "bias_ih_l0"),
      same("recurrentBias", "bias_hh_l0")
    ],
    Attention: [
      { ours: ["query.kernel", "key.kernel", "value.kernel"], theirs: ["in_proj_weight"], axes: [1, 0] },
      { ours: ["query.bias", "key.bias", "value.bias"], theirs: ["in_proj_bias"] },
      turned("output.kernel", "out_proj.weight"),
      same("output.bias", "out_proj.bias")
    ],
    Prelu: [same("alpha", "weight")]
  },
  parts: {
    TransformerEncoder: {
      attentionNorm: "norm1",
      attention: "self_attn",
      denseNorm: "norm2",
      inner: "linear1",
      outer: "linear2"
    }
  },
  direction: (both, direction) => (tensor) => `${both}.${tensor}${direction === "backward" ? "_reverse" : ""}`,
  isIdle: (name) => /(^|\.)num_batches_tracked$/.test(name)
}
