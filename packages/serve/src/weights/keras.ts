/** Keras 3: the weights of a model by their paths, `hidden/kernel`. https://keras.io/api/layers */
import type { Framework } from "./framework.ts"
import type { Slot } from "./slot.ts"

const same = (ours: string, theirs = ours): Slot => ({ ours: [ours], theirs: [theirs] })

const convolution: ReadonlyArray<Slot> = [same("kernel"), same("bias")]

const separable: ReadonlyArray<Slot> = [
  same("depthwiseKernel", "depthwise_kernel"),
  same("pointwiseKernel", "pointwise_kernel"),
  same("bias")
]

const recurrent = (cell: string): ReadonlyArray<Slot> => [
  same("kernel", `${cell}/kernel`),
  same("recurrentKernel", `${cell}/recurrent_kernel`),
  same("bias", `${cell}/bias`)
]

const norm: ReadonlyArray<Slot> = [same("scale", "gamma"), same("offset", "beta")]

/** Keras has z, r, n where we have r, z, n. */
const gates = [1, 0, 2]

/** Kernels are `[features, heads, depth]` and `[heads, depth, features]` there, which is the same order of elements. */
const projection = (ours: string, theirs: string): ReadonlyArray<Slot> =>
  ["kernel", "bias"].map((leaf) => ({ ...same(`${ours}.${leaf}`, `${theirs}/${leaf}`), anyShape: true }))

/** Keras's layers. */
export const keras: Framework = {
  name: "Keras",
  separator: "/",
  slots: {
    Dense: convolution,
    Conv1d: convolution,
    Conv2d: convolution,
    Conv1dTranspose: convolution,
    Conv2dTranspose: convolution,
    DepthwiseConv1d: convolution,
    DepthwiseConv2d: convolution,
    SeparableConv1d: separable,
    SeparableConv2d: separable,
    Embedding: [same("embeddings")],
    Positions: [same("embeddings")],
    BatchNorm: [...norm, same("mean", "moving_mean"), same("variance", "moving_variance")],
    LayerNorm: norm,
    GroupNorm: norm,
    InstanceNorm: norm,
    RmsNorm: [same("scale")],
    Lstm: recurrent("lstm_cell"),
    SimpleRnn: recurrent("simple_rnn_cell"),
    Gru: [
      { ...same("kernel", "gru_cell/kernel"), gates },
      { ...same("recurrentKernel", "gru_cell/recurrent_kernel"), gates },
      { ours: ["bias", "recurrentBias"], theirs: ["gru_cell/bias"], joined: "stacked", gates },
      // The only bias where the reset gate comes first.
      { ...same("bias", "gru_cell/bias"), gates }
    ],
    Attention: [
      ...projection("query", "query"),
      ...projection("key", "key"),
      ...projection("value", "value"),
      ...projection("output", "attention_output")
    ],
    Prelu: [same("alpha")]
  },
  parts: {},
  direction: (both, direction, inner) => (tensor) => `${both}/${direction}_${inner}/${tensor}`,
  isIdle: (name) => /(^|\/)seed_generator(_state)?(\/|$)/.test(name)
}
