import { Builder } from "@cotangent/kernel"
import type { RuleOperations } from "../operations-interface.ts"
import type { KernelFrame, NoAttributes, Primitive } from "../primitive.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"
import {
  checkMatrices,
  diagonalOf,
  joined,
  matricesOf,
  product,
  scaleColumns,
  symmetricPart,
  transposed,
  withUnitDiagonal
} from "./matrices.ts"
import {
  before,
  clear,
  computed,
  constantOf,
  type Matrix,
  numberOf,
  over,
  overMatrices,
  paddedColumns,
  paddedRows,
  position,
  read,
  scratchMatrix,
  write
} from "./matrix-loops.ts"
import { diagonalise, type Symmetric, sweepsFor, tridiagonalise } from "./tridiagonal.ts"

/** The first element of a vector that is at least this part of the largest is the positive one: rounding decides nothing. */
const nearlyLargest = 0.999

const one = position(0)

/** Writes eigenvalues in ascending order, NaN last, and vectors in columns with their signs; or NaN. */
const store = (
  b: Builder.Builder,
  { diagonal, vectors }: Symmetric,
  n: number,
  scale: ReturnType<typeof read>,
  isDone: ReturnType<typeof read>,
  values: Matrix,
  columns: Matrix
): void => {
  const number = (value: number) => constantOf(b, vectors, value)
  const type = Builder.typeOf("i32")
  const isNaN = (x: ReturnType<typeof read>) => b.compare("ne", x, x)
  over(b, one, n, (i) => {
    const own = read(b, diagonal, one, i)
    const rank = b.variable(b.constant(0, type))
    over(b, one, n, (k) => {
      const other = read(b, diagonal, one, k)
      const isLess = b.binary(
        "or",
        b.compare("lt", other, own),
        b.binary("and", isNaN(own), b.unary("not", isNaN(other)))
      )
      const isEqual = b.binary("or", b.compare("eq", other, own), b.binary("and", isNaN(own), isNaN(other)))
      const isBefore = b.binary("or", isLess, b.binary("and", isEqual, b.compare("lt", numberOf(b, k), numberOf(b, i))))
      b.assign(rank, b.binary("add", rank, b.cast(isBefore, "i32")))
    })
    const largest = b.variable(number(0))
    over(b, one, n, (k) => b.assign(largest, b.binary("max", largest, b.unary("abs", read(b, vectors, i, k)))))
    const head = b.variable(number(1))
    b.loop(n, 1, (loop) => {
      const x = read(b, vectors, i, before(n - 1, loop))
      const isLarge = b.compare("ge", b.unary("abs", x), b.binary("mul", largest, number(nearlyLargest)))
      b.assign(head, b.select(isLarge, x, head))
    })
    const isNegative = b.compare("lt", head, number(0))
    const done = (x: ReturnType<typeof read>) => b.select(isDone, x, number(Number.NaN))
    write(b, values, one, computed(rank), done(b.binary("mul", own, scale)))
    over(b, one, n, (k) => {
      const x = read(b, vectors, i, k)
      write(b, columns, k, computed(rank), done(b.select(isNegative, b.unary("neg", x), x)))
    })
  })
}

const emit = (b: Builder.Builder, frame: KernelFrame): void => {
  const input = operand(frame.inputs, 0)
  const n = input.view.shape.at(-1) ?? 1
  const width = paddedColumns(n, input.buffer)
  const scratch = (name: string, rows: number) => scratchMatrix(frame, name, input.buffer, rows, width)
  const s: Symmetric = {
    work: scratch("work", paddedRows(n)),
    vectors: scratch("vectors", paddedRows(n)),
    diagonal: scratch("diagonal", 1),
    beside: scratch("beside", 1),
    factors: scratch("factors", 1),
    vector: scratch("vector", 1),
    along: scratch("along", 1)
  }
  overMatrices(b, input.view.shape.slice(0, -2), [input, ...frame.outputs], (...given) => {
    const [a, values, columns] = [operand(given, 0), operand(given, 1), operand(given, 2)]
    const number = (value: number) => constantOf(b, a, value)
    for (const matrix of [s.work, s.diagonal, s.beside, s.along]) clear(b, matrix)
    const largest = b.variable(number(0))
    const half = (x: ReturnType<typeof read>) => b.binary("mul", x, number(0.5))
    const mean = (i: typeof one, j: typeof one) => b.binary("add", half(read(b, a, i, j)), half(read(b, a, j, i)))
    over(b, one, n, (i) =>
      over(b, one, n, (j) => b.assign(largest, b.binary("max", largest, b.unary("abs", mean(i, j)))))
    )
    const scale = b.select(b.compare("eq", largest, number(0)), number(1), largest)
    over(b, one, n, (i) => over(b, one, n, (j) => write(b, s.work, i, j, b.binary("div", mean(i, j), scale))))
    tridiagonalise(b, s, n)
    const isDone = diagonalise(b, s, n, input.buffer.dtype === "f64" ? 2 ** -52 : 2 ** -23)
    store(b, s, n, scale, isDone, values, columns)
  })
}

/** Jacobi's method on the host: every pair of rows and columns is turned, in sweeps, until nothing is left to turn. */
const jacobi = (a: Float64Array): readonly [Float64Array, Float64Array] => {
  const n = Math.sqrt(a.length)
  if (!a.every(Number.isFinite)) return [new Float64Array(n).fill(Number.NaN), a.map(() => Number.NaN)]
  const get = (x: Float64Array, i: number, j: number): number => x[i * n + j] ?? 0
  const s = a.map((_, e) => get(a, Math.floor(e / n), e % n) / 2 + get(a, e % n, Math.floor(e / n)) / 2)
  const v = a.map((_, e) => (Math.floor(e / n) === e % n ? 1 : 0))
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const pq = get(s, p, q)
        if (pq === 0 || Math.abs(pq) < 1e-17 * Math.sqrt(Math.abs(get(s, p, p)) * Math.abs(get(s, q, q)))) continue
        turned = true
        const theta = (get(s, q, q) - get(s, p, p)) / (2 * pq)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
        const c = 1 / Math.hypot(t, 1)
        const turn = (x: Float64Array, i: number, j: number): void => {
          const [xi, xj] = [x[i] ?? 0, x[j] ?? 0]
          x[i] = c * (xi - t * xj)
          x[j] = c * (t * xi + xj)
        }
        for (let k = 0; k < n; k++) turn(s, p * n + k, q * n + k)
        for (let k = 0; k < n; k++) turn(s, k * n + p, k * n + q)
        for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q)
        s[p * n + q] = 0
        s[q * n + p] = 0
      }
  }
  const values = Float64Array.from({ length: n }, (_, i) => get(s, i, i))
  const order = Array.from({ length: n }, (_, i) => i).toSorted((i, j) => (values[i] ?? 0) - (values[j] ?? 0))
  const columns = new Float64Array(n * n)
  order.forEach((from, to) => {
    const vector = Array.from({ length: n }, (_, k) => get(v, k, from))
    const largest = Math.max(...vector.map(Math.abs))
    const sign = (vector.find((x) => Math.abs(x) >= nearlyLargest * largest) ?? 1) < 0 ? -1 : 1
    vector.forEach((x, k) => (columns[k * n + to] = sign * x))
  })
  return [Float64Array.from(order, (i) => values[i] ?? 0), columns]
}

/** `1 / (w_j - w_i)` beside the diagonal, 0 on it; infinite between equal eigenvalues. */
const gaps = (ops: RuleOperations, w: AnyTensor): AnyTensor => {
  const n = w.shape.at(-1) ?? 1
  const square = [...w.shape, n]
  const columns = ops.broadcast(ops.reshape(w, [...w.shape.slice(0, -1), 1, n]), square)
  const gap = ops.sub(columns, ops.reshape(w, [...w.shape, 1]))
  // The diagonal is divided by 1 instead of by 0, and subtracted again.
  const reciprocal = ops.div(ops.full(square, 1, w.dtype), withUnitDiagonal(ops, gap))
  return ops.sub(reciprocal, withUnitDiagonal(ops, ops.full(square, 0, w.dtype)))
}

/** Eigenvalues and eigenvectors of symmetric matrices. */
export const eigh: Primitive<NoAttributes> = {
  name: "eigh",
  form: { operands: 1, regions: 0, attributes: {} },
  document: {
    summary: "Eigenvalues in ascending order and orthonormal eigenvectors, in columns, of symmetric matrices.",
    equation: "A V = V diag(w), V^T V = 1",
    derivative: "A_bar = sym(V (diag(w_bar) + F * V^T V_bar) V^T), F_ij = 1 / (w_j - w_i) (Giles 2008)",
    conventions:
      "The mean of A and its transpose is decomposed, by reflections and QL sweeps, 3 n + 10 of them: three for each eigenvalue are more than any matrix was seen to need; should they not suffice, all results are NaN. Of each vector the first element within a thousandth of the largest is positive. The derivative of the vectors is infinite or NaN where eigenvalues are equal: there it does not exist. That of the eigenvalues does."
  },
  infer: ([a]) => {
    const { shape, dtype } = checkMatrices("eigh", a, "square")
    return [
      { shape: shape.slice(0, -1), dtype },
      { shape, dtype }
    ]
  },
  evaluate: ([a]) => {
    const parts = a === undefined ? [] : matricesOf(a).map(jacobi)
    return [joined(parts.map(([w]) => w)), joined(parts.map(([, v]) => v))]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { outputs: [w, v] }, [gw, gv]) => {
      if (w === undefined || v === undefined || (gw === undefined && gv === undefined)) return []
      const own = gw === undefined ? undefined : product(ops, scaleColumns(ops, v, gw), transposed(ops, v))
      if (gv === undefined) return [own]
      const turned = ops.mul(product(ops, transposed(ops, v), gv), gaps(ops, w))
      const all = product(ops, product(ops, v, turned), transposed(ops, v))
      return [symmetricPart(ops, own === undefined ? all : ops.add(own, all))]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { outputs: [w, v] }, [t]) => {
      if (w === undefined || v === undefined || t === undefined) return [undefined, undefined]
      const x = product(ops, product(ops, transposed(ops, v), symmetricPart(ops, t)), v)
      return [diagonalOf(ops, x), product(ops, v, ops.mul(x, gaps(ops, w)))]
    }
  },
  batch: (ops, operands) => ops.eigh([operand(operands, 0).tensor], {}),
  lower: {
    tag: "kernel",
    flops: ([a]) => {
      const n = a?.shape.at(-1) ?? 1
      return sizeOf(a?.shape ?? []) * (6 * sweepsFor(n) + 4 * n)
    },
    emit
  },
  samples: [
    { operands: [{ shape: [3, 3], low: -0.5, high: 0.5, around: [3, 1, 0, 1, -1, 0, 0, 0, 6] }], attributes: {} },
    { operands: [{ shape: [2, 2, 2], low: -0.3, high: 0.3, around: [2, 1, 0, 0, -1, 0, 1, 1] }], attributes: {} },
    // Diagonal, with equal elements of opposite signs.
    { operands: [{ shape: [3, 3], dtype: "f64", data: Float64Array.of(2, 0, 0, 0, -2, 0, 0, 0, 1) }], attributes: {} },
    {
      operands: [
        { shape: [13, 13], dtype: "f64", data: Float64Array.from({ length: 169 }, (_, i) => Math.sin(i * i)) }
      ],
      attributes: {}
    },
    { operands: [{ shape: [1, 1], low: -1, high: 1 }], attributes: {} },
    { operands: [{ shape: [0, 0], low: 0, high: 1 }], attributes: {} }
  ]
}
