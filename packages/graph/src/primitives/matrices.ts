/** The form of linear algebra: matrices in the last two dimensions, batches before them; what rules are written with. */
import { checkDomain } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import type { BatchOperand, HostArray } from "../primitive.ts"
import { type AnyTensor, type Aval, sizeOf } from "../tensor.ts"

/** Throws unless an operand has float matrices, square ones if so asked. */
export const checkMatrices = (operation: string, x: Aval | undefined, shape: "square" | "any"): Aval => {
  if (x === undefined) throw new ShapeError(`${operation}: no operand was given`)
  checkDomain(operation, "float", x.dtype)
  const [rows, columns] = x.shape.slice(-2)
  if (x.shape.length < 2) throw new ShapeError(`${operation}: needs matrices, got ${showShape(x.shape)}`)
  if (shape === "square" && rows !== columns)
    throw new ShapeError(`${operation}: needs square matrices, got ${showShape(x.shape)}`)
  return x
}

/** The matrices of a host array, one after the other. */
export const matricesOf = ({ shape, data }: HostArray): ReadonlyArray<Float64Array> => {
  const size = sizeOf(shape.slice(-2))
  return Array.from({ length: sizeOf(shape.slice(0, -2)) }, (_, k) => data.slice(k * size, (k + 1) * size))
}

/** Matrices, or rows of numbers, one after the other in one array. */
export const joined = (parts: ReadonlyArray<Float64Array>): Float64Array => {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The operand of a batching rule as a batch. */
export const asBatch = (ops: Operations, { tensor, batched }: BatchOperand, size: number): AnyTensor =>
  batched ? tensor : ops.broadcast(tensor, [size, ...tensor.shape])

/** The transposes of the matrices of a tensor. */
export const transposed = (ops: Operations, x: AnyTensor): AnyTensor => {
  const n = x.shape.length
  return ops.transpose(x, [...Array.from({ length: n - 2 }, (_, d) => d), n - 1, n - 2])
}

/** The products of the matrices of two tensors with the same leading dimensions. */
export const product = (ops: Operations, a: AnyTensor, c: AnyTensor): AnyTensor => {
  const n = a.shape.length - 2
  const lead = Array.from({ length: n }, (_, d) => d)
  return ops.dot(a, c, { batch: [lead, lead], contract: [[n + 1], [n]] })
}

/** The mean of matrices and their transposes. */
export const symmetricPart = (ops: Operations, x: AnyTensor): AnyTensor => ops.mul(ops.add(x, transposed(ops, x)), 0.5)

const places = (ops: Operations, x: AnyTensor) => {
  const n = x.shape.length
  const shape = x.shape.slice(-2)
  return { i: ops.iota(shape, 0, "i32"), j: ops.iota(shape, 1, "i32"), rank: n }
}

/** The lower triangle; elements on the diagonal times `diagonal`. What is replaced by zeros may be NaN. */
export const lower = (ops: Operations, x: AnyTensor, diagonal: number): AnyTensor => {
  const { i, j } = places(ops, x)
  if (diagonal === 1) return ops.select(ops.le(j, i), x, 0)
  const kept = ops.select(ops.lt(j, i), x, 0)
  return diagonal === 0 ? kept : ops.select(ops.eq(i, j), ops.mul(x, diagonal), kept)
}

/** The upper triangle, with the diagonal. */
export const upper = (ops: Operations, x: AnyTensor): AnyTensor => {
  const { i, j } = places(ops, x)
  return ops.select(ops.le(i, j), x, 0)
}

/** The matrices with ones on their diagonals. */
export const withUnitDiagonal = (ops: Operations, x: AnyTensor): AnyTensor => {
  const { i, j } = places(ops, x)
  return ops.select(ops.eq(i, j), 1, x)
}

/** Identity matrices like square ones. */
export const identityLike = (ops: Operations, x: AnyTensor): AnyTensor => {
  const { i, j } = places(ops, x)
  return ops.broadcast(ops.cast(ops.eq(i, j), x.dtype), x.shape)
}

/** The diagonals of matrices, as rows. */
export const diagonalOf = (ops: Operations, x: AnyTensor): AnyTensor => {
  const n = x.shape.length
  return ops.diagonal([x], { offset: 0, rows: n - 2, columns: n - 1 })[0] ?? x
}

/** The columns of matrices times the elements of rows: `x diag(w)`. */
export const scaleColumns = (ops: Operations, x: AnyTensor, w: AnyTensor): AnyTensor =>
  ops.mul(x, ops.reshape(w, [...w.shape.slice(0, -1), 1, w.shape.at(-1) ?? 1]))

/** The rows of matrices times the elements of rows: `diag(w) x`. */
export const scaleRows = (ops: Operations, w: AnyTensor, x: AnyTensor): AnyTensor =>
  ops.mul(x, ops.reshape(w, [...w.shape, 1]))

/** The solutions of triangular systems. */
export const solveTriangle = (
  ops: Operations,
  a: AnyTensor,
  b: AnyTensor,
  at: { readonly lower: boolean; readonly unit?: boolean }
): AnyTensor => ops.triangularSolve([a, b], { lower: at.lower, unit: at.unit ?? false })[0] ?? b

/** `x A^-1` for triangular A. */
export const solveRight = (
  ops: Operations,
  x: AnyTensor,
  a: AnyTensor,
  at: { readonly lower: boolean; readonly unit?: boolean }
): AnyTensor => transposed(ops, solveTriangle(ops, transposed(ops, a), transposed(ops, x), { ...at, lower: !at.lower }))

/** The rows of matrices in another order: row i of the result is row `p[i]`. Every matrix has its own order. */
export const takeRows = (ops: Operations, x: AnyTensor, p: AnyTensor): AnyTensor => {
  const [n = 1, columns = 1] = x.shape.slice(-2)
  const lead = x.shape.slice(0, -2)
  const count = sizeOf(lead)
  if (count * n * columns === 0) return x
  if (lead.length === 0) return ops.gather(x, p, 0)
  // All rows of all matrices are one table.
  const start = ops.mul(ops.iota([count, n], 0, "i32"), n)
  const flat = ops.gather(ops.reshape(x, [count * n, columns]), ops.add(ops.reshape(p, [count, n]), start), 0)
  return ops.reshape(flat, x.shape)
}

/** The order that undoes one. */
export const inverseOrder = (ops: Operations, p: AnyTensor): AnyTensor =>
  ops.argsort([p], { axis: p.shape.length - 1, descending: false })[0] ?? p
