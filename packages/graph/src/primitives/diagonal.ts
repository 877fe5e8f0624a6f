import { ShapeError, showShape } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import type { AnyTensor } from "../tensor.ts"
import { contiguous, type View } from "../view.ts"
import { operand } from "./elementwise.ts"
import { readView } from "./transpose.ts"

/** Which diagonal of the matrices that two axes make: `offset` above the main one, below it when negative. */
export interface DiagonalAxes {
  readonly offset: number
  readonly rows: number
  readonly columns: number
}

const lengthOf = (rows: number, columns: number, offset: number): number =>
  Math.max(0, Math.min(rows - Math.max(0, -offset), columns - Math.max(0, offset)))

const diagonalView = (view: View, { offset, rows, columns }: DiagonalAxes): View => {
  const beside = view.shape.map((_, d) => d).filter((d) => d !== rows && d !== columns)
  const at = (list: ReadonlyArray<number>, d: number): number => list[d] ?? 0
  const length = lengthOf(at(view.shape, rows), at(view.shape, columns), offset)
  const start = Math.max(0, -offset) * at(view.strides, rows) + Math.max(0, offset) * at(view.strides, columns)
  return {
    shape: [...beside.map((d) => at(view.shape, d)), length],
    strides: [...beside.map((d) => at(view.strides, d)), at(view.strides, rows) + at(view.strides, columns)],
    offset: length === 0 ? view.offset : view.offset + start
  }
}

/**
 * Matrices of `rows x columns` with the last axis of `x` on a diagonal and zeros elsewhere: the transpose of taking it. The
 * elements are spread `columns + 1` apart in a row, which is then cut into rows.
 */
export const onDiagonal = (
  ops: Pick<Operations, "pad" | "reshape" | "full">,
  x: AnyTensor,
  rows: number,
  columns: number,
  offset: number
): AnyTensor => {
  const lead = x.shape.slice(0, -1)
  const n = x.shape.at(-1) ?? 0
  if (n === 0) return ops.full([...lead, rows, columns], 0, x.dtype)
  const first = Math.max(0, offset) + Math.max(0, -offset) * columns
  const spread = ops.pad(x, {
    low: [...lead.map(() => 0), first],
    high: [...lead.map(() => 0), rows * columns - first - ((n - 1) * (columns + 1) + 1)],
    interior: [...lead.map(() => 0), columns]
  })
  return ops.reshape(spread, [...lead, rows, columns])
}

/** The diagonal of the matrices that two axes make, as a new last axis. */
export const diagonal: Primitive<DiagonalAxes> = {
  name: "diagonal",
  form: { operands: 1, regions: 0, attributes: { offset: "integer", rows: "integer", columns: "integer" } },
  document: {
    summary: "The diagonal of the matrices that two axes make, as a new last axis.",
    equation: "y[..., i] = x[..., max(-offset, 0) + i, ..., max(offset, 0) + i, ...]",
    derivative: "x_bar has y_bar on the diagonal, elsewhere 0",
    conventions: "A view: no element moves. A diagonal beyond the matrix is empty."
  },
  infer: ([x], attributes) => {
    const { rows, columns, offset } = attributes
    if (x === undefined) throw new ShapeError("diagonal: no operand was given")
    if (x.shape[rows] === undefined || x.shape[columns] === undefined || rows === columns)
      throw new ShapeError(`diagonal: ${rows} and ${columns} are no two axes of ${showShape(x.shape)}`)
    if (!Number.isInteger(offset)) throw new ShapeError(`diagonal: the offset is a whole number, it is ${offset}`)
    return [{ shape: diagonalView(contiguous(x.shape), attributes).shape, dtype: x.dtype }]
  },
  evaluate: ([x], attributes) => [readView(x, diagonalView(contiguous(x?.shape ?? []), attributes))],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes: { offset, rows, columns } }, [g]) => {
      if (x === undefined || g === undefined) return []
      const matrices = onDiagonal(ops, g, x.shape[rows] ?? 0, x.shape[columns] ?? 0, offset)
      const beside = x.shape.map((_, d) => d).filter((d) => d !== rows && d !== columns)
      const from = [...beside, rows, columns]
      return [
        ops.transpose(
          matrices,
          x.shape.map((_, d) => from.indexOf(d))
        )
      ]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => (t === undefined ? [undefined] : ops.diagonal([t], attributes))
  },
  batch: (ops, operands, { offset, rows, columns }) =>
    ops.diagonal([operand(operands, 0).tensor], { offset, rows: rows + 1, columns: columns + 1 }),
  lower: { tag: "view", view: (input, attributes) => diagonalView(input, attributes) },
  samples: [
    { operands: [{ shape: [3, 4], low: -1, high: 1 }], attributes: { offset: 0, rows: 0, columns: 1 } },
    { operands: [{ shape: [4, 2, 3], low: -1, high: 1 }], attributes: { offset: -1, rows: 0, columns: 2 } },
    { operands: [{ shape: [2, 3, 5], low: -1, high: 1 }], attributes: { offset: 2, rows: 2, columns: 1 } },
    { operands: [{ shape: [2, 3, 5], low: -1, high: 1 }], attributes: { offset: 3, rows: 1, columns: 2 } },
    { operands: [{ shape: [3, 2], low: -1, high: 1 }], attributes: { offset: 5, rows: 0, columns: 1 } }
  ]
}
