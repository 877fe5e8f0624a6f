import type { Builder } from "@cotangent/kernel"
import { ShapeError } from "../errors.ts"
import type { KernelFrame, Maybe, Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"
import {
  checkMatrices,
  inverseOrder,
  joined,
  lower,
  matricesOf,
  product,
  solveRight,
  solveTriangle,
  takeRows,
  transposed,
  upper,
  withUnitDiagonal
} from "./matrices.ts"
import {
  after,
  clear,
  computed,
  constantOf,
  numberOf,
  over,
  overColumns,
  overMatrices,
  overRuns,
  paddedColumns,
  paddedRows,
  position,
  read,
  scratchMatrix,
  stagesOf,
  write
} from "./matrix-loops.ts"

/** Where the next pivot is looked for: in the column, or in all that is left, where columns change places as well. */
export interface Pivoting {
  readonly pivoting: "partial" | "complete"
}

/** Gaussian elimination in scratch: the row with the pivot goes up, and is taken from those below it. */
const emit = (b: Builder.Builder, frame: KernelFrame, { pivoting }: Pivoting): void => {
  const input = operand(frame.inputs, 0)
  const n = input.view.shape.at(-1) ?? 1
  const work = scratchMatrix(frame, "work", input.buffer, paddedRows(n), paddedColumns(n, input.buffer))
  const one = position(0)
  overMatrices(b, input.view.shape.slice(0, -2), [input, ...frame.outputs], (...given) => {
    const [a, packed] = [operand(given, 0), operand(given, 1)]
    const [rows, columns, sign] = [operand(given, 2), operand(given, 3), operand(given, 4)]
    const zero = constantOf(b, a, 0)
    clear(b, work)
    over(b, one, n, (i) => {
      write(b, rows, one, i, numberOf(b, i))
      write(b, columns, one, i, numberOf(b, i))
      overColumns(b, work, n, (j, width) => write(b, work, i, j, read(b, a, i, j, width)))
    })
    const parity = b.variable(constantOf(b, a, 1))
    const exchange = (order: typeof rows, i: typeof one, j: typeof one): void => {
      const [x, y] = [read(b, order, one, i), read(b, order, one, j)]
      write(b, order, one, i, y)
      write(b, order, one, j, x)
    }
    for (const { start, count } of stagesOf(n))
      b.loop(count, 1, (step) => {
        const j = position(start, step)
        const now = numberOf(b, j)
        const largest = b.variable(b.unary("abs", read(b, work, j, j)))
        const [row, column] = [b.variable(now), b.variable(now)]
        const consider = (i: typeof j, k: typeof j, isLeft: ReturnType<typeof read>): void => {
          const size = b.unary("abs", read(b, work, i, k))
          const isBetter = b.binary("and", isLeft, b.compare("gt", size, largest))
          b.assign(largest, b.select(isBetter, size, largest))
          b.assign(row, b.select(isBetter, numberOf(b, i), row))
          if (pivoting === "complete") b.assign(column, b.select(isBetter, numberOf(b, k), column))
        }
        over(b, position(start), n - start, (i) => {
          const isBelow = b.compare("ge", numberOf(b, i), now)
          if (pivoting === "partial") return consider(i, j, isBelow)
          over(b, position(start), n - start, (k) =>
            consider(i, k, b.binary("and", isBelow, b.compare("ge", numberOf(b, k), now)))
          )
        })
        const turn = (place: typeof row) =>
          b.assign(parity, b.select(b.compare("eq", place, now), parity, b.unary("neg", parity)))
        const pivot = computed(row)
        turn(row)
        exchange(rows, j, pivot)
        overRuns(b, work, one, n, (k, width) => {
          const [x, y] = [read(b, work, j, k, width), read(b, work, pivot, k, width)]
          write(b, work, j, k, y)
          write(b, work, pivot, k, x)
        })
        if (pivoting === "complete") {
          const other = computed(column)
          turn(column)
          exchange(columns, j, other)
          over(b, one, n, (i) => {
            const [x, y] = [read(b, work, i, j), read(b, work, i, other)]
            write(b, work, i, j, y)
            write(b, work, i, other, x)
          })
        }
        const head = read(b, work, j, j)
        const isZero = b.compare("eq", head, zero)
        over(b, after(j, 1), n - 1 - start, (i) => {
          const factor = b.select(isZero, zero, b.binary("div", read(b, work, i, j), head))
          write(b, work, i, j, factor)
          overRuns(b, work, after(j, 1), n - 1 - start, (k, width) => {
            const taken = b.binary("mul", b.splat(factor, width), read(b, work, j, k, width))
            write(b, work, i, k, b.binary("sub", read(b, work, i, k, width), taken))
          })
        })
      })
    over(b, one, n, (i) => overColumns(b, work, n, (j, width) => write(b, packed, i, j, read(b, work, i, j, width))))
    write(b, sign, one, one, parity)
  })
}

const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

const eliminate = (a: Float64Array, pivoting: Pivoting["pivoting"]): ReadonlyArray<Float64Array> => {
  const n = Math.sqrt(a.length)
  let work = Array.from({ length: n }, (_, i) => a.slice(i * n, (i + 1) * n))
  const get = (i: number, j: number): number => work[i]?.[j] ?? 0
  const [rows, columns] = [Float64Array.from(range(n)), Float64Array.from(range(n))]
  let sign = 1
  const exchange = (x: Float64Array, i: number, j: number): void => {
    const kept = x[i] ?? 0
    x[i] = x[j] ?? 0
    x[j] = kept
  }
  for (let j = 0; j < n; j++) {
    let [row, column] = [j, j]
    for (let i = j; i < n; i++)
      for (let k = j; k < (pivoting === "complete" ? n : j + 1); k++)
        if (Math.abs(get(i, k)) > Math.abs(get(row, column))) [row, column] = [i, k]
    sign *= (row === j ? 1 : -1) * (column === j ? 1 : -1)
    exchange(rows, j, row)
    exchange(columns, j, column)
    const order = range(n).map((i) => (i === j ? row : i === row ? j : i))
    work = order.map((i) => work[i] ?? new Float64Array(n))
    for (const line of work) exchange(line, j, column)
    const head = get(j, j)
    work = work.map((line, i) => {
      if (i <= j) return line
      const factor = head === 0 ? 0 : (line[j] ?? 0) / head
      return line.map((x, k) => (k < j ? x : k === j ? factor : x - factor * get(j, k)))
    })
  }
  return [joined(work), rows, columns, Float64Array.of(sign)]
}

const unitLower = { lower: true, unit: true }

/** The factors of A with its rows (and columns) in another order: L below the diagonal and U from it on, in one matrix. */
export const lu: Primitive<Pivoting> = {
  name: "lu",
  form: { operands: 1, regions: 0, attributes: { pivoting: "text" } },
  document: {
    summary: "The triangular factors of square matrices, by elimination with partial or complete pivoting.",
    equation:
      "A[p] = L U, or A[p][:, q] = L U, L with ones on the diagonal: L below the diagonal and U from it on in one matrix, then p, q, and the sign of both orders",
    derivative: "A_bar[p] = L^-T (tril(L^T L_bar, -1) + triu(U_bar U^T)) U^-T; orders and sign have none",
    conventions:
      "Of equal pivots the first in row-major order counts. Where the pivot is 0, which is all that is left of a column then (or of the matrix), L gets zeros; U has a 0 on the diagonal of a singular matrix, and the derivative is not finite."
  },
  infer: ([a], { pivoting }) => {
    if (pivoting !== "partial" && pivoting !== "complete")
      throw new ShapeError(`lu: pivoting is "partial" or "complete", not ${String(pivoting)}`)
    const { shape, dtype } = checkMatrices("lu", a, "square")
    const order = { shape: shape.slice(0, -1), dtype: "i32" } as const
    return [{ shape, dtype }, order, order, { shape: shape.slice(0, -2), dtype }]
  },
  evaluate: ([a], { pivoting }) => {
    const parts = a === undefined ? [] : matricesOf(a).map((matrix) => eliminate(matrix, pivoting))
    return range(4).map((k) => joined(parts.map((results) => results[k] ?? new Float64Array(0))))
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { outputs: [f, p, q], attributes: { pivoting } }, [g]) => {
      if (f === undefined || p === undefined || q === undefined || g === undefined) return []
      const unit = withUnitDiagonal(ops, lower(ops, f, 0))
      const below = lower(ops, product(ops, transposed(ops, unit), lower(ops, g, 0)), 0)
      const above = upper(ops, product(ops, upper(ops, g), transposed(ops, upper(ops, f))))
      const turned = transposed(ops, f)
      const left = solveTriangle(ops, turned, ops.add(below, above), { lower: false, unit: true })
      const permuted = takeRows(ops, solveRight(ops, left, turned, { lower: true }), inverseOrder(ops, p))
      if (pivoting === "partial") return [permuted]
      return [transposed(ops, takeRows(ops, transposed(ops, permuted), inverseOrder(ops, q)))]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { outputs: [f, p, q], attributes: { pivoting } }, [t]): ReadonlyArray<Maybe> => {
      const none = [undefined, undefined, undefined]
      if (f === undefined || p === undefined || q === undefined || t === undefined) return [undefined, ...none]
      const rows = takeRows(ops, t, p)
      const moved = pivoting === "partial" ? rows : transposed(ops, takeRows(ops, transposed(ops, rows), q))
      const middle = solveRight(ops, solveTriangle(ops, f, moved, unitLower), f, { lower: false })
      const unit = withUnitDiagonal(ops, lower(ops, f, 0))
      const change = product(ops, unit, lower(ops, middle, 0))
      return [ops.add(change, product(ops, upper(ops, middle), upper(ops, f))), ...none]
    }
  },
  batch: (ops, operands, attributes) => ops.lu([operand(operands, 0).tensor], attributes),
  lower: {
    tag: "kernel",
    flops: ([a]) => (2 * sizeOf(a?.shape ?? []) * (a?.shape.at(-1) ?? 1)) / 3,
    emit
  },
  samples: [
    // Rows change places, then columns as well.
    {
      operands: [{ shape: [3, 3], low: -0.5, high: 0.5, around: [0, 3, 0, 0, 0, 4, 5, 0, 0] }],
      attributes: { pivoting: "partial" }
    },
    {
      operands: [
        { shape: [2, 3, 3], low: -0.5, high: 0.5, around: [0, 3, 0, 0, 0, 4, 5, 0, 0, 2, 0, 0, 0, 0, 7, 0, 4, 0] }
      ],
      attributes: { pivoting: "complete" }
    },
    {
      // More than one stage, and a rest beside whole vectors.
      operands: [
        { shape: [19, 19], dtype: "f64", data: Float64Array.from({ length: 361 }, (_, i) => Math.sin(i * i)) }
      ],
      attributes: { pivoting: "partial" }
    },
    { operands: [{ shape: [1, 1], low: 0.5, high: 1 }], attributes: { pivoting: "partial" } },
    { operands: [{ shape: [0, 0], low: 0, high: 1 }], attributes: { pivoting: "partial" } }
  ]
}
