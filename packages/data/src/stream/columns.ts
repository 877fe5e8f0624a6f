/** Rows that are collected in arrays of fixed size: the memory of shuffling and of batches. */
import { allocate, type DType, type HostArrays, type Shape, type Value, Values } from "@cotangent/graph"
import type { AnyDataset } from "../dataset.ts"
import * as Rows from "../rows.ts"

/** Inputs and targets of up to `capacity` rows. */
export interface Store {
  readonly x: HostArrays[DType]
  readonly y: HostArrays[DType]
  readonly xWidth: number
  readonly yWidth: number
  readonly capacity: number
}

/** Room for rows like those of a chunk. */
export const makeStore = (like: AnyDataset, capacity: number): Store => {
  const xWidth = Rows.width(like.x)
  const yWidth = Rows.width(like.y)
  return {
    x: allocate(like.inputDtype, capacity * xWidth),
    y: allocate(like.targetDtype, capacity * yWidth),
    xWidth,
    yWidth,
    capacity
  }
}

const copy = (to: HostArrays[DType], toRow: number, from: HostArrays[DType], fromRow: number, width: number): void => {
  const [start, end] = [toRow * width, fromRow * width]
  for (let i = 0; i < width; i++) to[start + i] = from[end + i] ?? 0
}

/** Copies one row from store to store. */
export const copyRow = (to: Store, toRow: number, from: Store, fromRow: number): void => {
  copy(to.x, toRow, from.x, fromRow, to.xWidth)
  copy(to.y, toRow, from.y, fromRow, to.yWidth)
}

/** A chunk as a store that is full, nothing copied. */
export const storeOf = (chunk: AnyDataset): Store => ({
  x: chunk.x.data,
  y: chunk.y.data,
  xWidth: Rows.width(chunk.x),
  yWidth: Rows.width(chunk.y),
  capacity: chunk.size
})

/** The first `size` rows as values of the shapes of a chunk; the memory becomes the values'. */
export const valuesOf = (
  { x, xWidth, y, yWidth }: Store,
  size: number,
  like: AnyDataset
): { readonly x: Value<Shape, DType>; readonly y: Value<Shape, DType> } => ({
  // The part of an array is an array of the same type; TypeScript sees only the union of all five.
  x: Values.of(
    x.subarray(0, size * xWidth) as HostArrays[DType],
    [size, ...like.inputShape.map(Number)],
    like.inputDtype
  ),
  y: Values.of(
    y.subarray(0, size * yWidth) as HostArrays[DType],
    [size, ...like.targetShape.map(Number)],
    like.targetDtype
  )
})
