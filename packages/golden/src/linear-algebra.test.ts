/** Linear algebra where it goes wrong elsewhere: derivatives at singular matrices, hard matrices, both element types compiled. */
import { assert, describe, it } from "@effect/vitest"
import { grad, hvp, jvp } from "@cotangent/autodiff"
import { allocate, type AnyTensor, type Float, type Shape, T, type Tensor, type Value } from "@cotangent/graph"
import { targetOf } from "./targets.ts"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const matrix = (...rows: ReadonlyArray<ReadonlyArray<number>>): F64 =>
  T.fromArray(Float64Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0], "f64")
const total = (x: AnyTensor): Scalar => T.reshape(T.sum(x as F64), []) as Scalar
const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance: number): void => {
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((x, i) => assert.closeTo(x, expected[i] ?? NaN, tolerance))
}

/** Determinants of matrices without some rows and columns, with the signs of cofactors. */
const minor = (a: ReadonlyArray<ReadonlyArray<number>>): number =>
  a.length === 0
    ? 1
    : (a[0] ?? []).reduce(
        (sum, x, j) => sum + (j % 2 === 0 ? x : -x) * minor(a.slice(1).map((row) => row.filter((_, k) => k !== j))),
        0
      )
const without = (a: ReadonlyArray<ReadonlyArray<number>>, i: number, j: number): ReadonlyArray<ReadonlyArray<number>> =>
  a.filter((_, r) => r !== i).map((row) => row.filter((_, c) => c !== j))

const singular: Readonly<Record<string, ReadonlyArray<ReadonlyArray<number>>>> = {
  "of rank 2 of 3": [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9]
  ],
  "with a column of zeros": [
    [0, 1, 2],
    [0, 3, 4],
    [0, 5, 7]
  ],
  "with a row of zeros": [
    [1, 2, 3],
    [0, 0, 0],
    [3, 1, 1]
  ],
  nilpotent: [
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0]
  ],
  "of rank 1 of 3": [
    [1, 2, 3],
    [2, 4, 6],
    [3, 6, 9]
  ],
  zero: [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0]
  ],
  "of rank 2 of 4": [
    [1, 2, 0, 1],
    [2, 4, 0, 2],
    [0, 0, 3, 1],
    [1, 2, 3, 2]
  ],
  "of rank 1 of 4": [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [2, 2, 2, 2],
    [1, 1, 1, 1]
  ],
  "of two rows": [
    [1, 2],
    [2, 4]
  ],
  "of no rank": [
    [0, 0],
    [0, 0]
  ]
}

describe("the determinant of singular matrices", () => {
  for (const [name, rows] of Object.entries(singular)) {
    const a = matrix(...rows)
    const n = rows.length
    it(`${name}: its derivative is the adjugate`, () => {
      const cofactors = rows.flatMap((row, i) =>
        row.map((_, j) => ((i + j) % 2 === 0 ? 1 : -1) * minor(without(rows, i, j)))
      )
      near(numbers(grad((x: F64) => total(T.det(x)))(a)), cofactors, 1e-12)
    })

    it(`${name}: its second derivative is that of the polynomial`, () => {
      const t = Array.from({ length: n * n }, (_, i) => Math.sin(i + 1))
      const direction = T.fromArray(Float64Array.from(t), [n, n], "f64") as F64
      // d^2 det / d a_ij d a_kl: signs times the determinant without both rows and columns.
      const expected = rows.flatMap((row, i) =>
        row.map((_, j) => {
          const rest = without(rows, i, j)
          const sum = rest.reduce(
            (s, r, k) =>
              s +
              r.reduce((p, _r, l) => {
                const [row2, column2] = [k < i ? k : k + 1, l < j ? l : l + 1]
                const sign = (i + j + k + l) % 2 === 0 ? 1 : -1
                return p + sign * minor(without(rest, k, l)) * (t[row2 * n + column2] ?? 0)
              }, 0),
            0
          )
          return sum
        })
      )
      near(numbers(hvp((x: F64) => total(T.det(x)), a, direction)), expected, 1e-11)
    })
  }
})

describe("derivatives that do not exist are not finite, those that do are right", () => {
  const twice = matrix([2, 0, 0], [0, 2, 0], [0, 0, 5])
  it("eigenvalues that are equal have derivatives, their vectors have none", () => {
    near(numbers(grad((x: F64) => total(T.square(T.eigh(x).values)))(twice)), numbers(T.mul(twice, 2)), 1e-12)
    const vectors = numbers(grad((x: F64) => total(T.eigh(x).vectors))(twice))
    assert.isTrue(vectors.some((x) => !Number.isFinite(x)))
    // The exponential of a matrix exists, and so does its derivative, but not by this formula: it says so.
    const byVectors = (x: F64): Scalar => {
      const { values, vectors: v } = T.eigh(x)
      return total(T.matmul(T.mul(v, T.expand(T.exp(values) as F64, 0)) as F64, T.transpose(v)))
    }
    assert.isTrue(numbers(grad(byVectors)(twice)).some((x) => !Number.isFinite(x)))
    const direct = numbers(grad((x: F64) => total(T.matrixExp(x)))(twice))
    // Between equal eigenvalues the divided difference is e^w, between others (e^w - e^u) / (w - u).
    const [e2, e5] = [Math.exp(2), Math.exp(5)]
    const mixed = (e5 - e2) / 3
    near(direct, [e2, e2, mixed, e2, e2, mixed, mixed, mixed, e5], 1e-11)
  })

  it("singular values that are equal have derivatives", () => {
    const slopes = numbers(grad((x: F64) => total(T.svd(x).s))(matrix([0, -3], [3, 0])))
    near(slopes, [0, -1, 1, 0], 1e-12)
    near(
      numbers(grad((x: F64) => T.reshape(T.matrixNorm(x, { order: "nuc" }), []))(matrix([2, 0], [0, 2]))),
      [1, 0, 0, 1],
      1e-12
    )
  })

  it("of a pseudo-inverse of lower rank is that where the rank stays", () => {
    // Scaling keeps the rank: the pseudo-inverse is scaled by the reciprocal.
    const a = matrix([1, 2, 2], [2, 4, 4])
    near(numbers(jvp((x: F64) => T.pinv(x) as F64, a, a)[1]), numbers(T.neg(T.pinv(a) as F64)), 1e-14)
  })

  it("of the Cholesky factor of a matrix that is not definite is NaN", () =>
    assert.isTrue(numbers(grad((x: F64) => total(T.cholesky(x)))(matrix([1, 2], [2, 1]))).every(Number.isNaN)))
})

type Entry = (n: number, i: number, j: number) => number

/** Numbers between -1 and 1 that look random. */
const noise = (i: number, j: number): number => ((Math.sin(12.9898 * i + 78.233 * j + 1) * 43758.5453) % 1) * 1

/** Matrices that are hard for some algorithm: multiple and clustered eigenvalues, low ranks, many orders of size. */
const hard: Readonly<Record<string, Entry>> = {
  random: (_, i, j) => noise(Math.min(i, j), Math.max(i, j)),
  "falling sizes": (n, i, j) => noise(Math.min(i, j), Math.max(i, j)) * 10 ** ((-6 * (i + j)) / n),
  "growing sizes": (n, i, j) => noise(Math.min(i, j), Math.max(i, j)) * 10 ** ((6 * (i + j)) / n),
  ones: () => 1,
  zeros: () => 0,
  identity: (_, i, j) => (i === j ? 1 : 0),
  "nearly the identity": (_, i, j) => (i === j ? 1 : 1e-6 * noise(Math.min(i, j), Math.max(i, j))),
  Hilbert: (_, i, j) => 1 / (i + j + 1),
  Laplace: (_, i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0),
  Wilkinson: (n, i, j) => (i === j ? Math.abs(i - (n - 1) / 2) : Math.abs(i - j) === 1 ? 1 : 0),
  Fourier: (n, i, j) => Math.cos((2 * Math.PI * i * j) / n),
  "rank 2": (_, i, j) => Math.sin(i) * Math.sin(j) + Math.cos(2 * i) * Math.cos(2 * j),
  "large numbers": (_, i, j) => 1e30 * noise(Math.min(i, j), Math.max(i, j)),
  "small numbers": (_, i, j) => 1e-30 * noise(Math.min(i, j), Math.max(i, j))
}

const valueOf = (dtype: Float, m: number, n: number, entry: (i: number, j: number) => number): Value => {
  const data = allocate(dtype, m * n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) data[i * n + j] = entry(i, j)
  return { shape: [m, n], dtype, data }
}

type Matrix = { readonly rows: number; readonly columns: number; readonly at: (i: number, j: number) => number }
const read = ({ shape: [m = 1, n = 1], data }: Value): Matrix => ({
  rows: m,
  columns: n,
  at: (i, j) => data[i * n + j] ?? NaN
})

/** The largest element of `x diag(w) y^T - z`, or of `x^T x - 1`. */
const distance = (
  rows: number,
  columns: number,
  terms: number,
  of: (i: number, j: number, k: number) => number,
  less: (i: number, j: number) => number
): number => {
  let largest = 0
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = -less(i, j)
      for (let k = 0; k < terms; k++) sum += of(i, j, k)
      // NaN stays.
      largest = Math.max(largest, Math.abs(sum))
    }
  return largest
}
const skewness = (q: Matrix): number =>
  distance(
    q.columns,
    q.columns,
    q.rows,
    (i, j, k) => q.at(k, i) * q.at(k, j),
    (i, j) => (i === j ? 1 : 0)
  )

describe("compiled factorisations of hard matrices are orthonormal, and near the matrix", () => {
  for (const dtype of ["f64", "f32"] as const)
    for (const [name, entry] of Object.entries(hard))
      it(`${name}, ${dtype}`, () => {
        const rounding = dtype === "f64" ? 2 ** -52 : 2 ** -23
        for (const n of [1, 2, 9, 24]) {
          const m = n + (n % 3)
          const a = valueOf(dtype, n, n, (i, j) => entry(n, i, j))
          const b = valueOf(dtype, m, n, (i, j) => entry(n, i, j))
          const results = targetOf("wasm").evaluate(
            ([x, y]) => {
              // Both are matrices of one float type.
              const { values, vectors } = T.eigh(x as F64)
              const { u, s, v } = T.svd(y as F64)
              const { q, r } = T.qr(y as F64)
              return [T.diag(values as F64), vectors, u, T.diag(s as F64), v, q, r] as ReadonlyArray<AnyTensor>
            },
            [a, b]
          )
          const [w, z, u, s, v, q, r] = results.map(read)
          if (!w || !z || !u || !s || !v || !q || !r) throw new RangeError("seven results")
          const [x, y] = [read(a), read(b)]
          const size = Math.max(...Array.from(b.data, Math.abs))
          const bound = 6 * (n + 2) * rounding
          for (const orthonormal of [z, u, v, q]) assert.isBelow(skewness(orthonormal), bound)
          const residuals = [
            distance(n, n, n, (i, j, k) => z.at(i, k) * w.at(k, k) * z.at(j, k), x.at),
            distance(m, n, n, (i, j, k) => u.at(i, k) * s.at(k, k) * v.at(j, k), y.at),
            distance(m, n, n, (i, j, k) => q.at(i, k) * r.at(k, j), y.at)
          ]
          for (const residual of residuals) assert.isAtMost(residual, bound * n * size)
          for (let i = 1; i < n; i++) {
            assert.isAtLeast(w.at(i, i), w.at(i - 1, i - 1))
            assert.isAtMost(s.at(i, i), s.at(i - 1, i - 1))
          }
        }
      })
})
