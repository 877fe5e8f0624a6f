/** torch's linear algebra. */
import { Axes, T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

const ofMatrix = (operation: string, parameter: string, f: (a: F64) => F64): Adapter => ({
  parameters: [parameter],
  operation,
  apply: (call) => f(call.float(parameter))
})

const signAndLogarithm = (parameter: string): Adapter => ({
  parameters: [parameter],
  operation: "T.slogdet",
  apply: (call) => {
    const { sign, logabsdet } = T.slogdet(call.float(parameter))
    return [sign, logabsdet]
  }
})

const factor = (parameter: string): Adapter => ({
  parameters: [parameter, "upper"],
  operation: "T.cholesky",
  apply: (call) => T.cholesky(call.float(parameter), { upper: call.boolean("upper", false) })
})

const power = (parameter: string): Adapter => ({
  parameters: [parameter, "n"],
  operation: "T.matrixPower",
  apply: (call) => T.matrixPower(call.float(parameter), call.number("n", 1))
})

/** torch takes b for vectors when it has the shape of A without its last axis. */
const isVectors = (a: F64, b: F64): boolean => b.shape.length > 1 && Axes.sameShape(a.shape.slice(0, -1), b.shape)

const solved = (call: Call): F64 => {
  const [a, b] = [call.float("A"), call.float("B")]
  return T.solve(a, b, { side: call.boolean("left", true) ? "left" : "right", vectors: isVectors(a, b) })
}

const orders: ReadonlySet<unknown> = new Set(["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity])

const normOfMatrices = (call: Call): F64 | ReturnType<Call["missing"]> => {
  const order = call.is("ord", "string") ? call.text("ord", "fro") : call.has("ord") ? call.number("ord") : "fro"
  if (!orders.has(order)) return call.missing(`with ord=${order}`)
  const [rows = -2, columns = -1] = call.has("dim") ? call.numbers("dim") : []
  return T.matrixNorm(call.float("A"), {
    order: order as "fro" | number,
    axes: [rows, columns],
    keepDims: call.boolean("keepdim", false)
  })
}

/** Linear algebra by torch's names. */
export const linearAlgebra: { readonly [op: string]: Adapter } = {
  "torch.linalg.inv": ofMatrix("T.inv", "A", (a) => T.inv(a)),
  "torch.inverse": ofMatrix("T.inv", "input", (a) => T.inv(a)),
  "torch.linalg.det": ofMatrix("T.det", "A", (a) => T.det(a)),
  "torch.det": ofMatrix("T.det", "input", (a) => T.det(a)),
  "torch.logdet": ofMatrix("T.logdet", "input", (a) => T.logdet(a)),
  "torch.linalg.slogdet": signAndLogarithm("A"),
  "torch.slogdet": signAndLogarithm("input"),
  "torch.linalg.solve": { parameters: ["A", "B", "left"], operation: "T.solve", apply: solved },
  "torch.linalg.solve_triangular": {
    parameters: ["A", "B", "upper", "left", "unitriangular"],
    operation: "T.triangularSolve",
    apply: (call) =>
      T.triangularSolve(call.float("A"), call.float("B"), {
        lower: !call.boolean("upper", false),
        side: call.boolean("left", true) ? "left" : "right",
        unit: call.boolean("unitriangular", false)
      })
  },
  "torch.linalg.cholesky": factor("A"),
  "torch.cholesky": factor("input"),
  "torch.linalg.matrix_power": power("A"),
  "torch.matrix_power": power("input"),
  "torch.linalg.matrix_exp": ofMatrix("T.matrixExp", "A", (a) => T.matrixExp(a)),
  "torch.matrix_exp": ofMatrix("T.matrixExp", "input", (a) => T.matrixExp(a)),
  "torch.linalg.pinv": {
    parameters: ["A", "rcond", "rtol", "hermitian"],
    only: { hermitian: false },
    operation: "T.pinv",
    apply: (call) => {
      const name = call.has("rtol") ? "rtol" : "rcond"
      return T.pinv(call.float("A"), call.has(name) ? { tolerance: call.number(name) } : {})
    }
  },
  "torch.linalg.eigvalsh": {
    parameters: ["A", "UPLO"],
    operation: "T.eigh",
    apply: (call) => T.eigh(call.float("A")).values
  },
  "torch.linalg.svdvals": ofMatrix("T.svd", "A", (a) => T.svd(a).s),
  "torch.linalg.matrix_norm": {
    parameters: ["A", "ord", "dim", "keepdim"],
    operation: "T.matrixNorm",
    apply: normOfMatrices
  }
}
