import type { Builder } from "@cotangent/kernel"
import { inversePermutation, sameShape } from "../axes.ts"
import { checkSameDType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { RuleOperations } from "../operations-interface.ts"
import type { KernelFrame, Primitive } from "../primitive.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"
import { asBatch, checkMatrices, joined, lower, matricesOf, product, solveTriangle, transposed } from "./matrices.ts"
import {
  constantOf,
  type Matrix,
  numberOf,
  over,
  overColumns,
  overMatrices,
  position,
  read,
  stagesOf,
  write
} from "./matrix-loops.ts"

/** Which triangle of A there is, and whether its diagonal counts as ones. */
export interface Triangle {
  readonly lower: boolean
  readonly unit: boolean
}

/** A matrix with its rows, or both rows and columns, from the last to the first. */
const reversed = (m: Matrix, n: number, columns: boolean): Matrix => ({
  ...m,
  origin: m.origin + (n - 1) * (m.rows + (columns ? m.columns : 0)),
  rows: -m.rows,
  columns: columns ? -m.columns : m.columns
})

/** Forward substitution, the columns of B in vectors. An upper triangle is a lower one from the end. */
const emit = (b: Builder.Builder, frame: KernelFrame, at: Triangle): void => {
  const [left, right, solution] = [operand(frame.inputs, 0), operand(frame.inputs, 1), operand(frame.outputs, 0)]
  const [n = 1, columns = 1] = right.view.shape.slice(-2)
  overMatrices(b, right.view.shape.slice(0, -2), [left, right, solution], (...given) => {
    const [a, c, x] = [operand(given, 0), operand(given, 1), operand(given, 2)].map((m, k) =>
      at.lower ? m : reversed(m, n, k === 0)
    )
    if (a === undefined || c === undefined || x === undefined) return
    const zero = constantOf(b, a, 0)
    for (const { start, count } of stagesOf(n)) {
      // Rows that are not solved yet must not be NaN: they are multiplied by 0.
      over(b, position(start), count, (i) =>
        overColumns(b, x, columns, (j, width) => write(b, x, i, j, constantOf(b, x, 0, width)))
      )
      b.loop(count, 1, (step) => {
        const i = position(start, step)
        overColumns(b, x, columns, (j, width) => {
          const rest = b.variable(read(b, c, i, j, width))
          const take = (factor: ReturnType<typeof read>, k: typeof i) =>
            b.assign(rest, b.binary("sub", rest, b.binary("mul", b.splat(factor, width), read(b, x, k, j, width))))
          over(b, position(0), start, (k) => take(read(b, a, i, k), k))
          // The other triangle is not read, or rather: what is read of it is not used.
          over(b, position(start), count, (k) =>
            take(b.select(b.compare("lt", numberOf(b, k), numberOf(b, i)), read(b, a, i, k), zero), k)
          )
          write(b, x, i, j, at.unit ? rest : b.binary("div", rest, b.splat(read(b, a, i, i), width)))
        })
      })
    }
  })
}

const substitute = (a: Float64Array, c: Float64Array, n: number, at: Triangle): Float64Array => {
  const columns = n === 0 ? 0 : c.length / n
  const out = new Float64Array(c.length)
  for (let r = 0; r < n; r++) {
    const i = at.lower ? r : n - 1 - r
    for (let j = 0; j < columns; j++) {
      let rest = c[i * columns + j] ?? 0
      for (let k = at.lower ? 0 : i + 1; k < (at.lower ? i : n); k++)
        rest -= (a[i * n + k] ?? 0) * (out[k * columns + j] ?? 0)
      out[i * columns + j] = at.unit ? rest : rest / (a[i * n + i] ?? 0)
    }
  }
  return out
}

/** What is read of A: the cotangent of the rest is zero. */
const triangle = (ops: RuleOperations, x: AnyTensor, at: Triangle): AnyTensor => {
  const part = lower(ops, at.lower ? x : transposed(ops, x), at.unit ? 0 : 1)
  return at.lower ? part : transposed(ops, part)
}

/** Solves A X = B for triangular A. */
export const triangularSolve: Primitive<Triangle> = {
  name: "triangularSolve",
  form: { operands: 2, regions: 0, attributes: { lower: "boolean", unit: "boolean" } },
  document: {
    summary: "The solution of triangular systems.",
    equation: "A X = B, A lower or upper triangular",
    derivative: "B_bar = A^-T X_bar, A_bar = -B_bar X^T, its triangle (Giles 2008)",
    conventions:
      "Of A one triangle is read, without its diagonal when this counts as ones; what the other holds does not matter. A 0 on the diagonal gives infinities and NaN."
  },
  infer: ([a, c]) => {
    const matrix = checkMatrices("triangularSolve", a, "square")
    const right = checkMatrices("triangularSolve", c, "any")
    checkSameDType("triangularSolve", matrix.dtype, right.dtype)
    if (!sameShape(matrix.shape.slice(0, -1), right.shape.slice(0, -1)))
      throw new ShapeError(
        `triangularSolve: ${showShape(matrix.shape)} and ${showShape(right.shape)} do not have the same rows and leading dimensions`
      )
    return [{ shape: right.shape, dtype: right.dtype }]
  },
  evaluate: ([a, c], at) => {
    if (a === undefined || c === undefined) return [new Float64Array(0)]
    const right = matricesOf(c)
    const n = c.shape.at(-2) ?? 1
    return [joined(matricesOf(a).map((matrix, m) => substitute(matrix, right[m] ?? new Float64Array(0), n, at)))]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [a], outputs: [x], attributes: at }, [g], wanted) => {
      if (a === undefined || x === undefined || g === undefined) return []
      const right = solveTriangle(ops, transposed(ops, a), g, { ...at, lower: !at.lower })
      const outer = wanted(0) ? ops.neg(product(ops, right, transposed(ops, x))) : undefined
      return [outer === undefined ? undefined : triangle(ops, outer, at), right]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [a], outputs: [x], attributes: at }, [t, u]) => {
      if (a === undefined || x === undefined || (t === undefined && u === undefined)) return [undefined]
      const change = t === undefined ? undefined : ops.neg(product(ops, triangle(ops, t, at), x))
      const right = change === undefined ? u : u === undefined ? change : ops.add(u, change)
      return [right === undefined ? undefined : solveTriangle(ops, a, right, at)]
    }
  },
  batch: (ops, operands, at, size) => {
    const [a, c] = [operand(operands, 0), operand(operands, 1)]
    if (a.batched) return ops.triangularSolve([a.tensor, asBatch(ops, c, size)], at)
    // One triangle for the whole batch: its right sides are columns side by side.
    const x = c.tensor
    const rank = x.shape.length
    const lead = x.shape.slice(1, -2)
    const [n = 1, columns = 1] = x.shape.slice(-2)
    const order = [...lead.map((_, d) => d + 1), rank - 2, 0, rank - 1]
    const flat = ops.reshape(ops.transpose(x, order), [...lead, n, size * columns])
    const y = ops.reshape(solveTriangle(ops, a.tensor, flat, at), [...lead, n, size, columns])
    return [ops.transpose(y, inversePermutation(order))]
  },
  lower: {
    tag: "kernel",
    flops: ([, c]) => sizeOf(c?.shape ?? []) * (c?.shape.at(-2) ?? 1),
    emit
  },
  samples: [
    ...[true, false].flatMap((isLower) =>
      [true, false].map((unit) => ({
        operands: [
          { shape: [2, 3, 3], low: 0.5, high: 1.5 },
          { shape: [2, 3, isLower ? 1 : 9], low: -1, high: 1 }
        ],
        attributes: { lower: isLower, unit }
      }))
    ),
    {
      operands: [
        { shape: [11, 11], low: -0.5, high: 0.5 },
        { shape: [11, 2], low: -1, high: 1 }
      ],
      attributes: { lower: true, unit: true }
    },
    {
      operands: [
        { shape: [2, 2], dtype: "f64", data: Float64Array.of(2, Number.NaN, 3, 4) },
        { shape: [2, 1], dtype: "f64", data: Float64Array.of(2, 7) }
      ],
      attributes: { lower: true, unit: false }
    },
    {
      operands: [
        { shape: [0, 0], low: 0, high: 1 },
        { shape: [0, 2], low: 0, high: 1 }
      ],
      attributes: { lower: true, unit: false }
    }
  ]
}
