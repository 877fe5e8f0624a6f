/** The operands of linear algebra as its functions take them: checked, with the sentences of the types. */
import { broadcastShapes } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face } from "../face.ts"
import type { FloatSquare, Side } from "../matrix-rules.ts"
import { operations as ops } from "../operations.ts"
import { transposed } from "../primitives/matrices.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor } from "../tensor.ts"

/** Throws unless there are float matrices; gives their sizes. */
export const checkMatrix = (operation: string, a: AnyTensor): readonly [rows: number, columns: number] => {
  checkOperand(operation, "float", a)
  const [m, n] = a.shape.slice(-2)
  if (a.shape.length < 2 || m === undefined || n === undefined)
    throw new ShapeError(`${operation}: needs matrices, got ${showShape(a.shape)}`)
  return [m, n]
}

/** Throws unless there are square float matrices; gives their size. */
export const checkSquare = (operation: string, a: AnyTensor): number => {
  const [m, n] = checkMatrix(operation, a)
  if (m !== n) throw new ShapeError(`${operation}: needs square matrices, got ${showShape(a.shape)}`)
  return n
}

/** An operation on square matrices that keeps the shape. */
export interface OnSquare<Op extends string> {
  <S extends Shape, D extends DType>(a: Tensor<S, D> & Guard<FloatSquare<Op, S, D>>): Tensor<S, D>
}

/** An operation on square matrices that keeps the shape, under its public name. */
export const onSquare = <Op extends string>(operation: Op, body: (a: AnyTensor) => AnyTensor): OnSquare<Op> =>
  face(1, (a: AnyTensor) => {
    checkSquare(operation, a)
    return body(a)
  })

/** What the right side of a system is. */
export interface RightSide {
  readonly side?: Side
  readonly vectors?: boolean
}

type SolveMatrices = (a: AnyTensor, b: AnyTensor) => AnyTensor

/** One matrix for all right sides, which become columns of one matrix. */
const solveOnce = (a: AnyTensor, b: AnyTensor, solve: SolveMatrices): AnyTensor => {
  const rank = b.shape.length
  if (rank === 2) return solve(a, b)
  const lead = b.shape.slice(0, -2)
  const [m = 1, k = 1] = b.shape.slice(-2)
  const flat = ops.reshape(ops.transpose(b, [rank - 2, ...lead.map((_, d) => d), rank - 1]), [m, sizeOf(lead) * k])
  const x = solve(a, flat)
  const [n = 1] = x.shape
  return ops.transpose(ops.reshape(x, [n, ...lead, k]), [...lead.map((_, d) => d + 1), 0, rank - 1])
}

/** A matrix for each right side, leading dimensions broadcast. */
const solveEach = (operation: string, a: AnyTensor, b: AnyTensor, solve: SolveMatrices): AnyTensor => {
  const lead = broadcastShapes(operation, a.shape.slice(0, -2), b.shape.slice(0, -2))
  const whole = (x: AnyTensor): AnyTensor => ops.broadcast(x, [...lead, ...x.shape.slice(-2)])
  return solve(whole(a), whole(b))
}

/**
 * Solves for right sides of any form: `solve` is given matrices A and B with the same leading dimensions and the unknown on
 * the left, `A X = B`.
 */
export const solveFor = (
  operation: string,
  a: AnyTensor,
  b: AnyTensor,
  { side = "left", vectors = false }: RightSide,
  solve: SolveMatrices
): AnyTensor => {
  checkSameDType(operation, a.dtype, b.dtype)
  const [m] = checkMatrix(operation, a)
  const shown = `${operation}: ${showShape(a.shape)} and ${showShape(b.shape)}`
  if (b.shape.length === 0) throw new ShapeError(`${shown}: the right side is a scalar`)
  const isVector = vectors || b.shape.length === 1
  const rows = b.shape.at(isVector || side === "right" ? -1 : -2)
  if (rows !== m) throw new ShapeError(`${shown}: ${m} equations and ${rows ?? "no"} right sides`)
  const matrix = side === "right" ? transposed(ops, a) : a
  const columns = isVector ? ops.reshape(b, [...b.shape, 1]) : side === "right" ? transposed(ops, b) : b
  const x = matrix.shape.length === 2 ? solveOnce(matrix, columns, solve) : solveEach(operation, matrix, columns, solve)
  if (isVector) return ops.reshape(x, x.shape.slice(0, -1))
  return side === "right" ? transposed(ops, x) : x
}
