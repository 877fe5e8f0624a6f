/** torch's functions that move elements, and products of matrices. */
import { Axes, ShapeError, sizeOf, T, type Tensor } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter } from "./call.ts"

/** torch's padding, last axis first, as pairs in the order of the axes. */
const widthsOf = (x: F64, padding: ReadonlyArray<number>): ReadonlyArray<readonly [number, number]> =>
  x.shape.map((_, d) => {
    const at = 2 * (x.shape.length - 1 - d)
    return [padding[at] ?? 0, padding[at + 1] ?? 0]
  })

/** A tensor that has rows. */
const table = (x: F64): Tensor<[number, ...Array<number>], "f64"> => {
  if (x.shape.length === 0) throw new ShapeError("take: a scalar has no rows")
  // The shape has a first axis.
  return x as Tensor<[number, ...Array<number>], "f64">
}

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
  "torch.squeeze": {
    parameters: ["input", "dim"],
    operation: "T.reshape",
    apply: (call) => {
      const x = call.float("input")
      const axes = call.has("dim") ? [call.axis("dim", x)] : x.shape.map((_, d) => d)
      return T.reshape(
        x,
        x.shape.filter((size, d) => size !== 1 || !axes.includes(d))
      )
    }
  },
  "torch.unsqueeze": {
    parameters: ["input", "dim"],
    operation: "T.expand",
    apply: (call) => T.expand(call.float("input"), call.number("dim"))
  },
  "torch.flatten": {
    parameters: ["input", "start_dim", "end_dim"],
    operation: "T.reshape",
    apply: (call) => {
      const x = call.float("input")
      const [start, end] = [call.axis("start_dim", x, 0), call.axis("end_dim", x, -1)]
      return T.reshape(x, [
        ...x.shape.slice(0, start),
        sizeOf(x.shape.slice(start, end + 1)),
        ...x.shape.slice(end + 1)
      ])
    }
  },
  "torch.index_select": {
    parameters: ["input", "dim", "index"],
    operation: "T.take",
    apply: (call) => {
      const x = call.float("input")
      const axis = call.axis("dim", x)
      return axis === 0 ? T.take(table(x), call.indices("index")) : call.missing("along an axis other than the first")
    }
  },
  "torch.nn.functional.embedding": {
    parameters: ["input", "weight", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"],
    only: { padding_idx: null, max_norm: null, norm_type: 2, scale_grad_by_freq: false, sparse: false },
    operation: "T.take",
    apply: (call) => T.take(table(call.float("weight")), call.indices("input"))
  },
  "torch.nn.functional.one_hot": {
    parameters: ["tensor", "num_classes"],
    operation: "T.oneHot",
    apply: (call) =>
      call.has("num_classes")
        ? T.oneHot(call.indices("tensor"), call.number("num_classes"), "i32")
        : call.missing("without num_classes")
  },
  "torch.cat": {
    parameters: ["tensors", "dim"],
    operation: "T.concatAll",
    apply: (call) => T.concatAll(call.floats("tensors"), call.number("dim", 0))
  },
  "torch.stack": {
    parameters: ["tensors", "dim"],
    operation: "T.stack",
    apply: (call) =>
      call.number("dim", 0) === 0 ? T.stack(call.floats("tensors")) : call.missing("along an axis other than the first")
  },
  "torch.nn.functional.pad": {
    parameters: ["input", "pad", "mode", "value"],
    operation: "T.pad",
    apply: (call) => {
      const x = call.float("input")
      const mode = call.text("mode", "constant")
      if (mode !== "constant") return call.missing(`with mode=${mode}`)
      const padding = call.numbers("pad")
      return padding.some((width) => width < 0)
        ? call.missing("with negative widths")
        : T.pad(x, widthsOf(x, padding), call.number("value", 0))
    }
  }
}
