/** Products of many factors. */
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

/**
 * The product along the last axis. Factors are multiplied in pairs, the pairs in pairs, and so on: every derivative is a product
 * again, and nothing is divided.
 */
export const product = (x: AnyTensor): AnyTensor => {
  let y = x
  const shape = x.shape.slice(0, -1)
  const last = shape.length
  const columns = (from: number, to: number): AnyTensor =>
    ops.slice(y, { start: [...shape.map(() => 0), from], limit: [...shape, to], step: [...shape.map(() => 1), 1] })
  for (let n = y.shape[last] ?? 0; n !== 1; n = y.shape[last] ?? 0) {
    if (n === 0) return ops.full(shape, 1, x.dtype)
    const half = Math.floor(n / 2)
    const pairs = ops.mul(columns(0, half), columns(half, 2 * half))
    y = n % 2 === 0 ? pairs : ops.concat([pairs, columns(2 * half, n)], last)
  }
  return ops.reshape(y, shape)
}
