/** Pooling along one axis to a number of windows that are as equal as can be. */
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

/** The windows of one axis. */
const cutsOf = (length: number, count: number): ReadonlyArray<readonly [start: number, end: number]> =>
  Array.from({ length: count }, (_, i) => [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)])

const cutAxis = (x: AnyTensor, axis: number, start: number, end: number): AnyTensor =>
  ops.slice(x, {
    start: x.shape.map((_, d) => (d === axis ? start : 0)),
    limit: x.shape.map((length, d) => (d === axis ? end : length)),
    step: x.shape.map(() => 1)
  })

/** Pools one axis by `pool`, which takes blocks of a size: all at once where the windows are equal blocks, else one by one. */
export const poolAxis = (
  x: AnyTensor,
  axis: number,
  count: number,
  pool: (x: AnyTensor, axis: number, size: number) => AnyTensor
): AnyTensor => {
  const length = x.shape[axis] ?? 0
  if (length === count) return x
  if (length % count === 0) return pool(x, axis, length / count)
  return ops.concat(
    cutsOf(length, count).map(([start, end]) => pool(cutAxis(x, axis, start, end), axis, end - start)),
    axis
  )
}

const oneAxis = (axis: number, size: number) => ({ axes: [axis], sizes: [size], strides: [size], dilations: [1] })
/** The largest element of each block along an axis. */
export const largestOf = (x: AnyTensor, axis: number, size: number): AnyTensor =>
  ops.windowMax([x], oneAxis(axis, size))[0] ?? x
/** The mean of each block along an axis. */
export const meanOf = (x: AnyTensor, axis: number, size: number): AnyTensor =>
  ops.div(ops.windowSum([x], oneAxis(axis, size))[0] ?? x, size)
