/** torch's products of vectors and matrices. */
import { type AnyTensor, T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

const two = (operation: string, names: readonly [string, string], f: (a: F64, b: F64) => F64): Adapter => ({
  parameters: names,
  operation,
  apply: (call) => f(call.float(names[0]), call.float(names[1]))
})

const one = (operation: string, name: string, f: (a: F64) => F64): Adapter => ({
  parameters: [name],
  operation,
  apply: (call) => f(call.float(name))
})

const added = (product: readonly [string, string]): Adapter => ({
  parameters: ["input", ...product, "beta", "alpha"],
  operation: "T.addmm",
  apply: (call) =>
    T.addmm(call.float("input"), call.float(product[0]), call.float(product[1]), {
      beta: call.number("beta", 1),
      alpha: call.number("alpha", 1)
    })
})

const crossed = (call: Call, axis: number): F64 =>
  T.cross(call.float("input"), call.float("other"), { axis: call.has("dim") ? call.number("dim") : axis })

/** Products by torch's names. */
export const products: { readonly [op: string]: Adapter } = {
  "torch.einsum": {
    parameters: ["equation", "...operands"],
    operation: "T.einsum",
    // The equation and the number of operands are those of the file.
    apply: (call) =>
      (T.einsum as (equation: string, ...xs: ReadonlyArray<F64>) => AnyTensor)(
        call.text("equation", ""),
        ...call.floats("operands")
      )
  },
  "torch.outer": two("T.outer", ["input", "vec2"], (a, b) => T.outer(a, b)),
  "torch.ger": two("T.outer", ["input", "vec2"], (a, b) => T.outer(a, b)),
  "torch.mm": two("T.matmul", ["input", "mat2"], (a, b) => T.matmul(a, b)),
  "torch.bmm": two("T.matmul", ["input", "mat2"], (a, b) => T.matmul(a, b)),
  "torch.mv": two("T.matmul", ["input", "vec"], (a, b) => T.matmul(a, b)),
  "torch.dot": two("T.vecdot", ["input", "other"], (a, b) => T.vecdot(a, b)),
  "torch.vdot": two("T.vecdot", ["input", "other"], (a, b) => T.vecdot(a, b)),
  "torch.linalg.vecdot": {
    parameters: ["x", "y", "dim"],
    operation: "T.vecdot",
    apply: (call) => T.vecdot(call.float("x"), call.float("y"), { axis: call.number("dim", -1) })
  },
  "torch.inner": two("T.inner", ["input", "other"], (a, b) => T.inner(a, b)),
  "torch.kron": two("T.kron", ["input", "other"], (a, b) => T.kron(a, b)),
  "torch.tensordot": {
    parameters: ["a", "b", "dims"],
    operation: "T.tensordot",
    apply: (call) =>
      T.tensordot(call.float("a"), call.float("b"), {
        axes: call.isList("dims") ? call.twoLists("dims") : call.number("dims", 2)
      })
  },
  "torch.addmm": added(["mat1", "mat2"]),
  "torch.baddbmm": added(["batch1", "batch2"]),
  "torch.addmv": added(["mat", "vec"]),
  "torch.linalg.multi_dot": {
    parameters: ["tensors"],
    operation: "T.multiDot",
    apply: (call) => T.multiDot(call.floats("tensors"))
  },
  "torch.chain_matmul": {
    parameters: ["...matrices"],
    operation: "T.multiDot",
    apply: (call) => T.multiDot(call.floats("matrices"))
  },
  "torch.cov": {
    parameters: ["input", "correction", "fweights", "aweights"],
    only: { fweights: null, aweights: null },
    operation: "T.cov",
    apply: (call) => T.cov(call.float("input"), { correction: call.number("correction", 1) })
  },
  "torch.corrcoef": one("T.corrcoef", "input", (x) => T.corrcoef(x)),
  "torch.linalg.cross": {
    parameters: ["input", "other", "dim"],
    operation: "T.cross",
    apply: (call) => crossed(call, -1)
  },
  "torch.cross": {
    parameters: ["input", "other", "dim"],
    operation: "T.cross",
    // Unless told otherwise, torch takes the first axis of size 3.
    apply: (call) =>
      crossed(
        call,
        call.float("input").shape.findIndex((size) => Number(size) === 3)
      )
  },
  "torch.nn.functional.linear": {
    parameters: ["input", "weight", "bias"],
    operation: "T.linear",
    apply: (call) =>
      call.has("bias")
        ? T.linear(call.float("input"), call.float("weight"), call.float("bias"))
        : T.linear(call.float("input"), call.float("weight"))
  }
}
