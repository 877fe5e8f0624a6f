/** torch's functions that move elements, and products of matrices. */
import { Axes, sizeOf, T } from "@cotangent/graph"
import type { Adapter } from "./call.ts"

/** Functions of shapes by torch's names. */
export const shapes: { readonly [op: string]: Adapter } = {
  "torch.matmul": {
    parameters: ["input", "other"],
    operation: "T.matmul",
    apply: (call) => T.matmul(call.float("input"), call.float("other"))
  },
  "torch.reshape": {
    parameters: ["input", "shape"],
    operation: "T.reshape",
    apply: (call) => {
      const x = call.float("input")
      const shape = call.numbers("shape")
      const known = sizeOf(shape.filter((size) => size >= 0))
      return T.reshape(
        x,
        shape.map((size) => (size < 0 ? sizeOf(x.shape) / known : size))
      )
    }
  },
  "torch.transpose": {
    parameters: ["input", "dim0", "dim1"],
    operation: "T.transpose",
    apply: (call) => {
      const x = call.float("input")
      const [a, b] = [call.axis("dim0", x), call.axis("dim1", x)]
      return T.transpose(
        x,
        x.shape.map((_, d) => (d === a ? b : d === b ? a : d))
      )
    }
  },
  "Tensor.permute": {
    parameters: ["self", "...dims"],
    operation: "T.transpose",
    apply: (call) => {
      const x = call.float("self")
      return T.transpose(
        x,
        call.numbers("dims").map((d) => Axes.normalizeAxis("permute", x.shape, d))
      )
    }
  },
  "torch.permute": {
    parameters: ["input", "dims"],
    operation: "T.transpose",
    apply: (call) => {
      const x = call.float("input")
      return T.transpose(
        x,
        call.numbers("dims").map((d) => Axes.normalizeAxis("permute", x.shape, d))
      )
    }
  },
  "torch.broadcast_to": {
    parameters: ["input", "size"],
    operation: "T.broadcastTo",
    apply: (call) => T.broadcastTo(call.float("input"), call.numbers("size"))
  },
  "torch.nn.functional.embedding": {
    parameters: ["input", "weight", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"],
    // sparse is how torch stores the gradient, and norm_type what max_norm measures.
    only: { max_norm: null, norm_type: 2, scale_grad_by_freq: false },
    operation: "T.embedding",
    apply: (call) =>
      T.embedding(
        call.float("weight"),
        call.indices("input"),
        call.has("padding_idx") ? { paddingIndex: call.number("padding_idx") } : {}
      )
  },
  "torch.nn.functional.one_hot": {
    parameters: ["tensor", "num_classes"],
    operation: "T.oneHot",
    apply: (call) =>
      call.has("num_classes")
        ? T.oneHot(call.indices("tensor"), call.number("num_classes"), "i32")
        : call.missing("without num_classes")
  }
}
