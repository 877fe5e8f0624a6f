/** Products of matrices. */
import { broadcastShapes } from "../axes.ts"
import { checkSameDType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face, type MatrixProduct } from "../face.ts"
import { operations as ops } from "../operations.ts"
import { type AnyTensor, isTensor } from "../tensor.ts"

const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, d) => d)

/** Refuses operands that have no product, with the sentence of the types. */
const checkProduct = (x: AnyTensor, w: AnyTensor): void => {
  if (isTensor(x) && isTensor(w)) checkSameDType("matmul", x.dtype, w.dtype)
  checkOperand("matmul", "float", x)
  checkOperand("matmul", "float", w)
  const clash = (because: string) => new ShapeError(`matmul: ${showShape(x.shape)} x ${showShape(w.shape)}: ${because}`)
  if (w.shape.length === 0) throw clash("the right side is a scalar; use T.mul")
  if (x.shape.length === 0) throw clash("the left side is a scalar; use T.mul")
  const k = x.shape.at(-1)
  const k2 = w.shape.at(w.shape.length === 1 ? 0 : -2)
  if (k !== k2) throw clash(`inner dimensions ${k} and ${k2} differ`)
}

/**
 * The matrix product `y[..., m, n] = sum_k x[..., m, k] w[..., k, n]`. A right side of one dimension is a vector, of two
 * a matrix applied to every row; leading dimensions of a higher right side broadcast with those of the left.
 */
export const matmul: MatrixProduct = face(2, (x: AnyTensor, w: AnyTensor) => {
  checkProduct(x, w)
  if (w.shape.length <= 2) {
    return ops.dot(x, w, { batch: [[], []], contract: [[x.shape.length - 1], [0]] })
  }
  const vector = x.shape.length === 1
  const rows = vector ? ops.reshape(x, [1, ...x.shape]) : x
  const lead = broadcastShapes("matmul", rows.shape.slice(0, -2), w.shape.slice(0, -2))
  const a = ops.broadcast(rows, [...lead, ...rows.shape.slice(-2)])
  const b = ops.broadcast(w, [...lead, ...w.shape.slice(-2)])
  const n = lead.length
  const y = ops.dot(a, b, { batch: [range(n), range(n)], contract: [[n + 1], [n]] })
  return vector ? ops.reshape(y, [...lead, w.shape.at(-1) ?? 1]) : y
})
