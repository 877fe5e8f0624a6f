/** Tensors as matrices: what rules that look at rows, columns and spectra work on. */
import { type AnyTensor, operations as ops } from "@cotangent/graph"

/** The product of two matrices. */
export const matmul = (a: AnyTensor, b: AnyTensor): AnyTensor =>
  ops.dot(a, b, { batch: [[], []], contract: [[1], [0]] })

/** `A A^T`. */
export const outer = (a: AnyTensor): AnyTensor => ops.dot(a, a, { batch: [[], []], contract: [[1], [1]] })

/** `A^T A`. */
export const inner = (a: AnyTensor): AnyTensor => ops.dot(a, a, { batch: [[], []], contract: [[0], [0]] })

/** `A^T`. */
export const transposed = (a: AnyTensor): AnyTensor => ops.transpose(a, [1, 0])

/** The identity matrix. */
export const identityMatrix = (size: number, dtype: AnyTensor["dtype"]): AnyTensor =>
  ops.cast(ops.eq(ops.iota([size, size], 0, "i32"), ops.iota([size, size], 1, "i32")), dtype)

/** Rows and columns of a tensor seen as a matrix: the last axis makes the columns, all others the rows. */
export const sizesOf = ({ shape }: AnyTensor): readonly [rows: number, columns: number] => [
  shape.slice(0, -1).reduce((a, b) => a * b, 1),
  shape.at(-1) ?? 1
]

/** The tensor as a matrix. */
export const asMatrix = (x: AnyTensor): AnyTensor => ops.reshape(x, [...sizesOf(x)])

/** `L X R` for a tensor seen as a matrix, in its own shape; a factor that is not given is the identity. */
export const sandwiched = (left: AnyTensor | undefined, x: AnyTensor, right: AnyTensor | undefined): AnyTensor => {
  if (left === undefined && right === undefined) return x
  const matrix = asMatrix(x)
  const fromLeft = left === undefined ? matrix : matmul(left, matrix)
  return ops.reshape(right === undefined ? fromLeft : matmul(fromLeft, right), x.shape)
}
