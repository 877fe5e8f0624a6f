/** Samples of linear algebra, most of them on matrices far from singular ones. */
import { T } from "@cotangent/graph"
import { floats } from "./operands.ts"
import { type F, type OperationSample, sample } from "./operation-sample.ts"

const eye = (x: F, by: number): F => {
  const [m = 1, n = 1] = [x.shape.at(-2), x.shape.at(-1)].map(Number)
  const places = T.equal(T.expand(T.iota(m), 1), T.expand(T.iota(n), 0))
  return T.mul(T.cast(places, x.dtype), by) as F
}

/** Random matrices with a dominant diagonal. */
const dominant = (x: F): F => T.add(x, eye(x, 3)) as F

/** Random matrices whose diagonal grows: singular values and eigenvalues are apart. */
const apart = (x: F): F => {
  const n = Math.max(Number(x.shape.at(-1)), Number(x.shape.at(-2)))
  const steps = T.slice(T.add(T.mul(T.cast(T.iota(n), x.dtype), 3), 3) as F, [{ end: Number(x.shape.at(-1)) }])
  return T.add(x, T.mul(eye(x, 1), steps)) as F
}

/** Random symmetric positive definite matrices with eigenvalues apart. */
const definite = (x: F): F => apart(T.add(x, T.swapAxes(x, -1, -2)) as F)

const norms = ["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity] as const

/** The samples of this file. */
export const linearAlgebraSamples: ReadonlyArray<OperationSample> = [
  sample("cholesky", "batch", [floats(-0.5, 0.5, 2, 3, 3)], (x: F) => T.cholesky(definite(x))),
  sample("cholesky", "two stages", [floats(-0.5, 0.5, 10, 10)], (x: F) => T.cholesky(definite(x)), {
    only: ["targets"]
  }),
  sample("choleskySolve", "columns", [floats(-0.5, 0.5, 3, 3), floats(-1, 1, 3, 2)], (x: F, b: F) =>
    T.choleskySolve(T.cholesky(definite(x)), b)
  ),
  sample("choleskySolve", "right, batch", [floats(-1, 1, 2, 3, 3), floats(-1, 1, 2, 3)], (x: F, b: F) =>
    T.choleskySolve(dominant(x), b, { side: "right" })
  ),
  sample("inv", "matrix", [floats(-1, 1, 3, 3)], (x: F) => T.inv(dominant(x))),
  sample("solve", "vector", [floats(-1, 1, 3, 3), floats(-1, 1, 3)], (a: F, b: F) => T.solve(dominant(a), b)),
  sample("solve", "columns", [floats(-1, 1, 2, 3, 3), floats(-1, 1, 2, 3, 2)], (a: F, b: F) => T.solve(dominant(a), b)),
  sample("solve", "one matrix for a batch", [floats(-1, 1, 3, 3), floats(-1, 1, 2, 2, 3, 2)], (a: F, b: F) =>
    T.solve(dominant(a), b)
  ),
  sample("solve", "matrices for one vector", [floats(-1, 1, 2, 3, 3), floats(-1, 1, 3)], (a: F, b: F) =>
    T.solve(dominant(a), b)
  ),
  sample("solve", "vectors, broadcast", [floats(-1, 1, 2, 1, 3, 3), floats(-1, 1, 2, 3)], (a: F, b: F) =>
    T.solve(dominant(a), b, { vectors: true })
  ),
  sample("solve", "right", [floats(-1, 1, 3, 3), floats(-1, 1, 2, 3)], (a: F, b: F) =>
    T.solve(dominant(a), b, { side: "right" })
  ),
  ...[true, false].flatMap((lower) =>
    [true, false].map((transpose) =>
      sample(
        "triangularSolve",
        `${lower ? "lower" : "upper"}${transpose ? ", transposed" : ""}`,
        [floats(-1, 1, 3, 3), floats(-1, 1, 3, 2)],
        (a: F, b: F) => T.triangularSolve(dominant(a), b, { lower, transpose })
      )
    )
  ),
  sample("triangularSolve", "right, unit", [floats(-1, 1, 2, 3, 3), floats(-1, 1, 2, 2, 3)], (a: F, b: F) =>
    T.triangularSolve(a, b, { lower: false, side: "right", unit: true })
  ),
  sample("det", "batch", [floats(-1, 1, 2, 3, 3)], (x: F) => T.det(dominant(x))),
  sample("det", "of two rows", [floats(-1, 1, 2, 2)], (x: F) => T.det(x)),
  sample("det", "of five rows", [floats(-1, 1, 5, 5)], (x: F) => T.det(x)),
  sample("slogdet", "matrix", [floats(-1, 1, 4, 4)], (x: F) => T.slogdet(dominant(x))),
  sample("logdet", "batch", [floats(-1, 1, 2, 3, 3)], (x: F) => T.logdet(dominant(x))),
  sample("lu", "factors", [floats(-1, 1, 3, 3)], (x: F) => {
    const { l, u } = T.lu(dominant(x))
    return { l, u }
  }),
  sample("matrixPower", "cube", [floats(-1, 1, 2, 2)], (x: F) => T.matrixPower(x, 3)),
  sample("matrixPower", "of the inverse", [floats(-1, 1, 2, 2)], (x: F) => T.matrixPower(dominant(x), -2)),
  sample("matrixExp", "small", [floats(-1, 1, 3, 3)], (x: F) => T.matrixExp(x)),
  sample("matrixExp", "batch, one scaled", [floats(-1, 1, 2, 2, 2)], (x: F) =>
    // Large enough to be scaled in both element types.
    T.matrixExp(T.mul(x, T.cast(T.constant([[[1]], [[12]]]), x.dtype) as F) as F)
  ),
  sample("matrixExp", "equal eigenvalues", [floats(-1, 1, 3)], (x: F) =>
    T.matrixExp(T.mul(T.expand(x, 1), T.expand(T.zerosLike(x) as F, 0)) as F)
  ),
  ...norms.map((order) =>
    sample("matrixNorm", String(order), [floats(-1, 1, 2, 3, 2)], (x: F) =>
      T.matrixNorm(apart(x), { order, keepDims: true })
    )
  ),
  sample("matrixNorm", "other axes", [floats(-1, 1, 2, 3, 4)], (x: F) => T.matrixNorm(x, { axes: [2, 0], order: 1 })),
  sample("qr", "tall", [floats(-1, 1, 2, 4, 3)], (x: F) => T.qr(dominant(x))),
  sample("qr", "wide", [floats(-1, 1, 3, 5)], (x: F) => T.qr(dominant(x))),
  sample("qr", "two stages", [floats(-1, 1, 12, 10)], (x: F) => T.qr(dominant(x)), { only: ["targets"] }),
  sample("eigh", "values and vectors", [floats(-0.5, 0.5, 2, 3, 3)], (x: F) => T.eigh(definite(x))),
  sample("eigh", "values", [floats(-0.5, 0.5, 4, 4)], (x: F) => T.eigh(definite(x)).values),
  sample("svd", "square", [floats(-0.5, 0.5, 2, 3, 3)], (x: F) => T.svd(apart(x))),
  sample("svd", "tall", [floats(-0.5, 0.5, 4, 2)], (x: F) => T.svd(apart(x))),
  sample("svd", "wide", [floats(-0.5, 0.5, 2, 4)], (x: F) => T.svd(apart(x))),
  sample("pinv", "tall", [floats(-1, 1, 2, 4, 2)], (x: F) => T.pinv(dominant(x))),
  sample("pinv", "wide", [floats(-1, 1, 2, 3)], (x: F) => T.pinv(dominant(x))),
  sample("lstsq", "columns", [floats(-1, 1, 4, 2), floats(-1, 1, 4, 2)], (a: F, b: F) => T.lstsq(dominant(a), b)),
  sample("lstsq", "wide, vector", [floats(-1, 1, 2, 4), floats(-1, 1, 2)], (a: F, b: F) => T.lstsq(dominant(a), b)),
  sample("lstsq", "vectors", [floats(-1, 1, 4, 2), floats(-1, 1, 3, 4)], (a: F, b: F) =>
    T.lstsq(dominant(a), b, { vectors: true })
  )
]
