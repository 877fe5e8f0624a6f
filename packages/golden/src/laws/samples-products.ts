/** Samples of products of vectors and matrices. */
import { T } from "@cotangent/graph"
import { floats } from "./operands.ts"
import { type F, type OperationSample, sample } from "./operation-sample.ts"

const einsums = ["ij,jk->ik", "ij,kj->ki", "ij,jk", "ij,jk->", "ij,jk->ijk"] as const

const products: ReadonlyArray<OperationSample> = [
  ...einsums.map((equation) =>
    sample(
      "einsum",
      equation,
      [floats(-1, 1, 3, 4), equation === "ij,kj->ki" ? floats(-1, 1, 2, 4) : floats(-1, 1, 4, 2)],
      (a: F, b: F) => T.einsum(equation, a, b)
    )
  ),
  sample("einsum", "diagonal", [floats(-1, 1, 3, 3)], (a: F) => T.einsum("ii->i", a)),
  sample("einsum", "ellipsis", [floats(-1, 1, 2, 3, 4), floats(-1, 1, 4, 2)], (a: F, b: F) =>
    T.einsum("...ij,jk->...ik", a, b)
  ),
  sample("einsum", "three operands", [floats(-1, 1, 2), floats(-1, 1, 2, 3), floats(-1, 1, 3)], (a: F, b: F, c: F) =>
    T.einsum("i,ij,j->", a, b, c)
  ),
  sample("outer", "vectors", [floats(-1, 1, 2), floats(-1, 1, 3)], (a: F, b: F) => T.outer(a, b)),
  sample("linear", "with bias", [floats(-1, 1, 2, 3), floats(-1, 1, 4, 3), floats(-1, 1, 4)], (x: F, w: F, b: F) =>
    T.linear(x, w, b)
  ),
  sample("addmm", "scaled", [floats(-1, 1, 2), floats(-1, 1, 3, 4), floats(-1, 1, 4, 2)], (c: F, a: F, b: F) =>
    T.addmm(c, a, b, { alpha: 0.5, beta: 2 })
  ),
  sample("inner", "rows", [floats(-1, 1, 2, 3), floats(-1, 1, 4, 3)], (a: F, b: F) => T.inner(a, b)),
  sample("tensordot", "two axes", [floats(-1, 1, 2, 3, 4), floats(-1, 1, 3, 4, 2)], (a: F, b: F) => T.tensordot(a, b)),
  sample("einsum", "axes of size 1", [floats(-1, 1, 1, 4), floats(-1, 1, 3, 4)], (a: F, b: F) =>
    T.einsum("ij,kj->ik", a, b)
  ),
  sample("einsum", "diagonals summed", [floats(-1, 1, 2, 2, 3, 3)], (a: F) => T.einsum("iijj->i", a)),
  sample("einsum", "element by element", [floats(-1, 1, 3, 4), floats(-1, 1, 3, 4)], (a: F, b: F) =>
    T.einsum("ij,ij->j", a, b)
  ),
  sample("vecdot", "broadcast", [floats(-1, 1, 2, 3), floats(-1, 1, 3)], (a: F, b: F) => T.vecdot(a, b)),
  sample("vecdot", "axis", [floats(-1, 1, 2, 3), floats(-1, 1, 2, 3)], (a: F, b: F) =>
    T.vecdot(a, b, { axis: 0, keepDims: true })
  ),
  sample("multiDot", "chain", [floats(-1, 1, 2, 5), floats(-1, 1, 5, 3), floats(-1, 1, 3)], (a: F, b: F, c: F) =>
    T.multiDot([a, b, c])
  ),
  sample("cross", "broadcast", [floats(-1, 1, 2, 3), floats(-1, 1, 3)], (a: F, b: F) => T.cross(a, b)),
  sample("cross", "axis", [floats(-1, 1, 3, 2), floats(-1, 1, 3, 2)], (a: F, b: F) => T.cross(a, b, { axis: 0 })),
  sample("cov", "batch", [floats(-1, 1, 2, 3, 5)], (x: F) => T.cov(x)),
  sample("cov", "of one variable", [floats(-1, 1, 5)], (x: F) => T.cov(x, { correction: 0 })),
  sample("corrcoef", "rows", [floats(-1, 1, 3, 5)], (x: F) => T.corrcoef(x)),
  sample("linear", "one output", [floats(-1, 1, 2, 3), floats(-1, 1, 3)], (x: F, w: F) => T.linear(x, w)),
  sample("inner", "scalar", [floats(-1, 1, 2, 3), floats(-1, 1)], (a: F, b: F) => T.inner(a, b)),
  sample("tensordot", "lists", [floats(-1, 1, 2, 3, 4), floats(-1, 1, 4, 2)], (a: F, b: F) =>
    T.tensordot(a, b, {
      axes: [
        [2, 0],
        [0, 1]
      ]
    })
  ),
  sample("kron", "ranks", [floats(-1, 1, 2), floats(-1, 1, 2, 3)], (a: F, b: F) => T.kron(a, b)),
  sample("kron", "matrices", [floats(-1, 1, 2, 2), floats(-1, 1, 2, 3)], (a: F, b: F) => T.kron(a, b))
]

const grids: ReadonlyArray<OperationSample> = [
  sample("eye", "wide", [], () => T.eye(2, { columns: 3 }), { result: "f32" }),
  sample("arange", "odd numbers", [], () => T.arange(8, { start: 1, step: 2 }), { result: "i32" }),
  sample("linspace", "five", [], () => T.linspace(-1, 1, 5, { dtype: "f64" }), { result: "f64" })
]

/** The samples of this file. */
export const productSamples: ReadonlyArray<OperationSample> = [...products, ...grids]
