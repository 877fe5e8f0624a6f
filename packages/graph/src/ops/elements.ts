/** Elements in an order: at indices along an axis, and sorted. */
import { operations as ops } from "../operations.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { rowMajor } from "../view.ts"
import { placesIn } from "./places.ts"

/**
 * Row-major positions in an array of `shape`: the place of the index along the axis, its own coordinate along all others.
 * Along axes of size 1 there is one element for all.
 */
export const positionsAlong = (shape: ReadonlyArray<number>, indices: AnyTensor, axis: number): AnyTensor => {
  const strides = rowMajor(shape)
  const scaled = (x: AnyTensor, by: number): AnyTensor => (by === 1 ? x : ops.mul(x, by))
  return indices.shape.reduce(
    (sum, size, d) =>
      d === axis || size === 1 || shape[d] === 1
        ? sum
        : ops.add(sum, scaled(ops.iota(indices.shape, d, "i32"), strides[d] ?? 1)),
    scaled(placesIn(indices, shape[axis] ?? 1), strides[axis] ?? 1)
  )
}

/** The elements at indices along an axis; their shape is that of the indices. */
export const elementsAlong = (x: AnyTensor, indices: AnyTensor, axis: number): AnyTensor =>
  x.shape.length === 1
    ? ops.gather(x, indices, 0)
    : sizeOf(indices.shape) === 0
      ? ops.full(indices.shape, 0, x.dtype)
      : ops.gather(ops.reshape(x, [sizeOf(x.shape)]), positionsAlong(x.shape, indices, axis), 0)

/** Where the elements of a sorted axis come from. */
export const orderOf = (x: AnyTensor, axis: number, descending: boolean): AnyTensor => {
  const [order = x] = ops.argsort([x], { axis, descending })
  return order
}
