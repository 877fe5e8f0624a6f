/** torch's attention, embeddings and recurrent cells. torch's kernels are the transposes of those here. */
import { T } from "@cotangent/graph"
import { Recurrent } from "@cotangent/nn"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

/** torch's weights and biases of a recurrent cell. */
export const cellParameters = (wi: F64, wh: F64, bi?: F64, bh?: F64) => ({
  kernel: T.transpose(wi) as F64,
  recurrentKernel: T.transpose(wh) as F64,
  ...(bi === undefined ? {} : { bias: bi }),
  ...(bh === undefined ? {} : { recurrentBias: bh })
})

const parametersOf = (call: Call) =>
  cellParameters(
    call.float("w_ih"),
    call.float("w_hh"),
    call.has("b_ih") ? call.float("b_ih") : undefined,
    call.has("b_hh") ? call.float("b_hh") : undefined
  )

const parameters = ["input", "hx", "w_ih", "w_hh", "b_ih", "b_hh"]

const plainCell = (activation: Recurrent.RnnActivation): Adapter => ({
  parameters,
  operation: "Recurrent.rnnCell",
  apply: (call) => Recurrent.rnnCell(parametersOf(call), call.float("hx"), call.float("input"), { activation })
})

/** Functions by torch's names. */
export const cells: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.scaled_dot_product_attention": {
    parameters: ["query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale"],
    only: { dropout_p: 0 },
    operation: "T.scaledDotProductAttention",
    apply: (call) =>
      T.scaledDotProductAttention(call.float("query"), call.float("key"), call.float("value"), {
        causal: call.boolean("is_causal", false),
        ...(call.has("scale") ? { scale: call.number("scale") } : {}),
        ...(call.has("attn_mask")
          ? { mask: call.isFloat("attn_mask") ? call.float("attn_mask") : call.mask("attn_mask") }
          : {})
      })
  },
  "torch.lstm_cell": {
    parameters,
    operation: "Recurrent.lstmCell",
    apply: (call) => {
      const [h, c] = call.floats("hx")
      if (h === undefined || c === undefined) throw new TypeError("torch.lstm_cell: hx must be two tensors")
      const next = Recurrent.lstmCell(parametersOf(call), { h, c }, call.float("input"))
      return [next.h, next.c]
    }
  },
  "torch.gru_cell": {
    parameters,
    operation: "Recurrent.gruCell",
    apply: (call) => Recurrent.gruCell(parametersOf(call), call.float("hx"), call.float("input"))
  },
  "torch.rnn_tanh_cell": plainCell("tanh"),
  "torch.rnn_relu_cell": plainCell("relu")
}
