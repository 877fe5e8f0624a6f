/** What operations along spatial axes share: both layouts, one number or one for each axis, and paddings. */
import { ShapeError, showShape } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Layout, PaddingOption, PerAxis, SpatialRank } from "../spatial-rules.ts"
import type { AnyTensor } from "../tensor.ts"
import { windowExtent } from "../windows.ts"

/** Elements before and behind an axis. */
export type Around = readonly [low: number, high: number]

const names: Readonly<Record<SpatialRank, string>> = {
  1: "length",
  2: "height, width",
  3: "depth, height, width"
}

const range = (start: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => start + i)

/** A tensor brought to `[batch, spatial..., channels]`, and the way back for what is computed from it. */
export interface Arranged {
  readonly tensor: AnyTensor
  readonly back: (y: AnyTensor) => AnyTensor
}

/** Brings a tensor of either layout, with or without a batch, to channels last with a batch; these are views. */
export const arrange = (operation: string, x: AnyTensor, n: SpatialRank, layout: Layout = "channelsLast"): Arranged => {
  const rank = x.shape.length
  if (rank !== n + 2 && rank !== n + 1) {
    const wanted = layout === "channelsLast" ? `[batch, ${names[n]}, channels]` : `[batch, channels, ${names[n]}]`
    throw new ShapeError(`${operation}: needs ${wanted}, got ${showShape(x.shape)}`)
  }
  const batched = rank === n + 2 ? x : ops.reshape(x, [1, ...x.shape])
  const unbatched = (y: AnyTensor): AnyTensor => (rank === n + 2 ? y : ops.reshape(y, y.shape.slice(1)))
  return layout === "channelsLast"
    ? { tensor: batched, back: unbatched }
    : {
        tensor: ops.transpose(batched, [0, ...range(2, n), 1]),
        back: (y) => unbatched(ops.transpose(y, [0, n + 1, ...range(1, n)]))
      }
}

/** One number for every axis: an option given once counts for all. */
export const perAxis = (
  operation: string,
  name: string,
  value: PerAxis | undefined,
  n: number,
  otherwise: number | ReadonlyArray<number>,
  smallest = 1
): ReadonlyArray<number> => {
  const given = value ?? otherwise
  const list = typeof given === "number" ? new Array<number>(n).fill(given) : given
  if (list.length !== n)
    throw new ShapeError(
      `${operation}: ${name} ${showShape(list)} for ${n} spatial axes; give one number, or one for each`
    )
  if (list.some((k) => !Number.isInteger(k) || k < smallest))
    throw new ShapeError(`${operation}: ${name} ${showShape(list)} must be whole numbers, ${smallest} or more`)
  return list
}

/** What windows of a size do along each axis. */
export interface Moves {
  readonly sizes: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>
  readonly dilations: ReadonlyArray<number>
}

/**
 * The padding of each axis. `"same"`: as TensorFlow and Keras do, so that there are `ceil(n / stride)` windows, the odd
 * element behind; at stride 1 PyTorch does the same.
 */
export const paddingOf = (
  operation: string,
  padding: PaddingOption | undefined,
  lengths: ReadonlyArray<number>,
  { sizes, strides, dilations }: Moves
): ReadonlyArray<Around> => {
  const n = lengths.length
  if (padding === undefined || padding === "valid") return lengths.map(() => [0, 0])
  if (padding === "same") {
    return lengths.map((length, i) => {
      const stride = strides[i] ?? 1
      const covered = (Math.ceil(length / stride) - 1) * stride + windowExtent(sizes[i] ?? 1, dilations[i] ?? 1)
      const missing = Math.max(0, covered - length)
      return [Math.floor(missing / 2), Math.ceil(missing / 2)]
    })
  }
  if (typeof padding !== "number" && padding.length !== n)
    throw new ShapeError(
      `${operation}: ${padding.length} paddings for ${n} spatial axes; give one number, or one for each`
    )
  const pairs = lengths.map((_, i): Around => {
    const own = typeof padding === "number" ? padding : (padding[i] ?? 0)
    return typeof own === "number" ? [own, own] : own
  })
  if (pairs.flat().some((p) => !Number.isInteger(p) || p < 0))
    throw new ShapeError(`${operation}: paddings ${showShape(pairs.map(showShape))} must be whole numbers, 0 or more`)
  return pairs
}

/** Pads the spatial axes of `[batch, spatial..., channels]`. */
export const padSpatial = (x: AnyTensor, around: ReadonlyArray<Around>, value = 0): AnyTensor =>
  around.every(([low, high]) => low === 0 && high === 0)
    ? x
    : ops.pad(
        x,
        {
          low: [0, ...around.map(([low]) => low), 0],
          high: [0, ...around.map(([, high]) => high), 0],
          interior: x.shape.map(() => 0)
        },
        value
      )
