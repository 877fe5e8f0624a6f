import type { Builder } from "@cotangent/kernel"
import { ShapeError, showShape } from "../errors.ts"
import type { KernelFrame, NoAttributes, Primitive } from "../primitive.ts"
import { operand } from "./elementwise.ts"
import { orthogonalised, reflections, triangularise } from "./householder.ts"
import { checkMatrices, joined, lower, matricesOf, product, solveRight, transposed, upper } from "./matrices.ts"
import {
  clear,
  constantOf,
  numberOf,
  over,
  overColumns,
  overMatrices,
  paddedColumns,
  paddedRows,
  position,
  read,
  scratchMatrix,
  write
} from "./matrix-loops.ts"
import { sizeOf } from "../tensor.ts"

const emit = (b: Builder.Builder, frame: KernelFrame): void => {
  const input = operand(frame.inputs, 0)
  const [m = 1, n = 1] = input.view.shape.slice(-2)
  const width = paddedColumns(n, input.buffer)
  const height = m + paddedRows(n) - n
  const scratch = (name: string, rows: number) => scratchMatrix(frame, name, input.buffer, rows, width)
  const reflected = { work: scratch("work", height), factors: scratch("factors", 1), heads: scratch("heads", 1) }
  const columns = scratch("columns", height)
  const one = position(0)
  overMatrices(b, input.view.shape.slice(0, -2), [input, ...frame.outputs], (...given) => {
    const [a, q, r] = [operand(given, 0), operand(given, 1), operand(given, 2)]
    const zero = constantOf(b, a, 0)
    clear(b, reflected.work)
    over(b, one, m, (i) =>
      overColumns(b, columns, n, (j, lanes) => write(b, reflected.work, i, j, read(b, a, i, j, lanes)))
    )
    triangularise(b, reflected, m, n)
    reflections(b, reflected, columns, m, n)
    // The signs that make the diagonal of R positive.
    over(b, one, n, (i) => {
      const head = read(b, reflected.heads, one, i)
      const isNegative = b.compare("lt", head, zero)
      const signed = (x: typeof head) => b.select(isNegative, b.unary("neg", x), x)
      over(b, one, n, (j) => {
        const isAbove = b.compare("gt", numberOf(b, j), numberOf(b, i))
        write(b, r, i, j, b.select(isAbove, signed(read(b, reflected.work, i, j)), zero))
      })
      write(b, r, i, i, signed(head))
      over(b, one, m, (k) => write(b, q, k, i, signed(read(b, columns, k, i))))
    })
  })
}

/** The orthonormal columns and the triangle of matrices with at least as many rows as columns. */
export const qr: Primitive<NoAttributes> = {
  name: "qr",
  form: { operands: 1, regions: 0, attributes: {} },
  document: {
    summary: "Orthonormal columns times an upper triangle, for at least as many rows as columns.",
    equation: "A = Q R, Q^T Q = 1, R upper triangular, its diagonal not negative",
    derivative: "A_bar = (Q_bar + Q copyltu(R R_bar^T - Q_bar^T Q)) R^-T (Seeger et al. 2017)",
    conventions:
      "By reflections. The signs are those that make the diagonal of R positive, which makes the factors of a matrix of full rank unique and smooth. Of a matrix of lower rank Q is still orthonormal, R has a 0 on its diagonal, and there is no derivative: it is not finite."
  },
  infer: ([a]) => {
    const { shape, dtype } = checkMatrices("qr", a, "any")
    const [m = 1, n = 1] = shape.slice(-2)
    if (m < n) throw new ShapeError(`qr: needs at least as many rows as columns here, got ${showShape(shape)}`)
    return [
      { shape, dtype },
      { shape: [...shape.slice(0, -2), n, n], dtype }
    ]
  },
  evaluate: ([a]) => {
    const [m = 1, n = 1] = a?.shape.slice(-2) ?? []
    const parts = a === undefined ? [] : matricesOf(a).map((matrix) => orthogonalised(matrix, m, n))
    return [joined(parts.map(([q]) => q)), joined(parts.map(([, r]) => r))]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { outputs: [q, r] }, [gq, gr]) => {
      if (q === undefined || r === undefined || (gq === undefined && gr === undefined)) return []
      const right = gr === undefined ? undefined : product(ops, r, transposed(ops, upper(ops, gr)))
      const left = gq === undefined ? undefined : product(ops, transposed(ops, gq), q)
      const m = right === undefined ? left : left === undefined ? right : ops.sub(right, left)
      if (m === undefined) return []
      const inner = gr === undefined ? ops.neg(m) : m
      const symmetric = ops.add(lower(ops, inner, 1), transposed(ops, lower(ops, inner, 0)))
      const moved = product(ops, q, symmetric)
      return [solveRight(ops, gq === undefined ? moved : ops.add(gq, moved), transposed(ops, r), { lower: true })]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { outputs: [q, r] }, [t]) => {
      if (q === undefined || r === undefined || t === undefined) return [undefined, undefined]
      const x = solveRight(ops, t, r, { lower: false })
      const m = product(ops, transposed(ops, q), x)
      const below = lower(ops, m, 0)
      const turn = ops.sub(below, transposed(ops, below))
      return [ops.add(product(ops, q, ops.sub(turn, m)), x), upper(ops, product(ops, ops.sub(m, turn), r))]
    }
  },
  batch: (ops, operands) => ops.qr([operand(operands, 0).tensor], {}),
  lower: { tag: "kernel", flops: ([a]) => 4 * sizeOf(a?.shape ?? []) * (a?.shape.at(-1) ?? 1), emit },
  samples: [
    { operands: [{ shape: [3, 3], low: -0.5, high: 0.5, around: [0, 2, 0, -3, 0, 0, 0, 0, 2] }], attributes: {} },
    {
      operands: [
        { shape: [2, 4, 2], low: -0.5, high: 0.5, around: [2, 0, 0, 1, 0, 1, 1, 0, 0, 3, -2, 0, 0, 0, 0, -1] }
      ],
      attributes: {}
    },
    {
      operands: [
        { shape: [21, 11], dtype: "f64", data: Float64Array.from({ length: 231 }, (_, i) => Math.sin(i * i)) }
      ],
      attributes: {}
    },
    { operands: [{ shape: [1, 1], low: 0.5, high: 1 }], attributes: {} },
    { operands: [{ shape: [2, 0], low: 0, high: 1 }], attributes: {} }
  ]
}
