/** Rows of a value: the slices along its first dimension, which are one sample each. */
import { allocate, type DType, type HostArrays, type Shape, sizeOf, type Value, Values } from "@cotangent/graph"

/** Indices of rows. */
export type Indices = Int32Array | ReadonlyArray<number>

/** How many numbers one row has. */
export const width = (value: Value): number => sizeOf(value.shape.slice(1))

const withRows = <S extends Shape, D extends DType>(
  value: Value<S, D>,
  data: HostArrays[D],
  rows: number
): Value<S, D> => {
  const made = Values.of(data, [rows, ...value.shape.slice(1)], value.dtype)
  // Sizes past the first are those of `value`, and a type names the first by a symbol, if at all.
  return made as Value<Shape, D> as Value<S, D>
}

/** Rows `start` up to, not including, `end`: a view of the same memory. */
export const slice = <S extends Shape, D extends DType>(
  value: Value<S, D>,
  start: number,
  end: number
): Value<S, D> => {
  const w = width(value)
  // `subarray` gives the array type it is called on; TypeScript sees only the union of all five.
  const data = value.data.subarray(start * w, end * w) as HostArrays[D]
  return withRows(value, data, end - start)
}

/** Copies rows `indices[start]`, ..., `indices[end - 1]` of `source` to the front of `target`. */
export const gatherInto = <D extends DType>(
  target: HostArrays[D],
  source: Value<Shape, D>,
  indices: Indices,
  start: number,
  end: number
): void => {
  const w = width(source)
  const { data } = source
  for (let i = start, to = 0; i < end; i++, to += w) {
    const from = (indices[i] ?? 0) * w
    for (let j = 0; j < w; j++) target[to + j] = data[from + j] ?? 0
  }
}

/** Rows `indices[start]`, ..., `indices[end - 1]`, copied; all of `indices` by default. */
export const gather = <S extends Shape, D extends DType>(
  value: Value<S, D>,
  indices: Indices,
  start = 0,
  end = indices.length
): Value<S, D> => {
  const data = allocate(value.dtype, (end - start) * width(value))
  gatherInto(data, value, indices, start, end)
  return withRows(value, data, end - start)
}

/** The first index that is no row of `size` rows, as a sentence; `undefined` when all are. */
export const badIndex = (indices: Indices, size: number): string | undefined => {
  const at = indices.findIndex((i) => !Number.isInteger(i) || i < 0 || i >= size)
  return at < 0
    ? undefined
    : `index ${indices[at]} (at place ${at}) is not a row; there are ${size} rows, counted from 0`
}
