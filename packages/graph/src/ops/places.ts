/** Index tensors and literal indices, checked. */
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import { checkOperand } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { isValue, of } from "../value.ts"

const outOfRange = (operation: string, index: number, axis: number, shape: ReadonlyArray<number>): ShapeError =>
  new ShapeError(`${operation}: index ${index} is out of range for axis ${axis} of ${showShape(shape)}`)

/** The place a literal index stands for, counted from the front; throws the sentence when there is none. */
export const literalPlace = (operation: string, index: number, axis: number, shape: ReadonlyArray<number>): number => {
  const size = shape[axis] ?? 0
  const place = index < 0 ? index + size : index
  if (!Number.isInteger(index) || place < 0 || place >= size) throw outOfRange(operation, index, axis, shape)
  return place
}

/** Throws unless a tensor holds indices, of booleans with what to use instead. */
export const checkIndexType = (operation: string, indices: AnyTensor): void => {
  checkOperand(operation, "any", indices)
  if (indices.dtype === "bool")
    throw new DTypeError(
      `${operation}: a mask selects a number of elements that only the values know; use T.where, or T.nonzero with a size`
    )
  if (indices.dtype !== "i32")
    throw new DTypeError(`${operation}: indices must be i32, they are ${indices.dtype}; use T.cast`)
}

/**
 * Throws unless a tensor holds indices of an axis. Those of a constant are known: one of them out of range is refused here,
 * while others are moved into range when they are computed.
 */
export const checkIndices = (
  operation: string,
  indices: AnyTensor,
  axis: number,
  shape: ReadonlyArray<number>
): void => {
  checkIndexType(operation, indices)
  if (shape[axis] === 0)
    throw new ShapeError(`${operation}: axis ${axis} of ${showShape(shape)} is empty, no index is in range`)
  const value = indices.node.primitive === "constant" ? indices.node.attributes["value"] : undefined
  if (isValue(value)) for (const index of value.data) literalPlace(operation, index, axis, shape)
}

/** Literal indices as a constant. */
export const literalPlaces = (
  operation: string,
  indices: ReadonlyArray<number>,
  axis: number,
  shape: ReadonlyArray<number>
): AnyTensor => {
  const places = indices.map((index) => literalPlace(operation, index, axis, shape))
  return ops.constant(of(Int32Array.from(places), [places.length], "i32"))
}

/** The place each index stands for in an axis of this size, so that positions can be computed of it. */
export const placesIn = (indices: AnyTensor, size: number, last = size - 1): AnyTensor => {
  const [places = indices] = ops.clampIndex([indices], { size, last })
  return places
}
