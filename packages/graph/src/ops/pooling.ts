/**
 * Pooling: what the largest or the mean element is of windows that move along one, two or three spatial axes. Inputs are
 * `[batch, spatial..., channels]`, or `[batch, channels, spatial...]` with `layout: "channelsFirst"`; the batch may be left out.
 */
import { allocate, type DType, roundTo } from "../dtype.ts"
import { ShapeError } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { PoolRule } from "../pooling-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { Layout, PaddingOption, PerAxis, SpatialRank } from "../spatial-rules.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import { rowMajor } from "../view.ts"
import { showSizes, windowCount, windowExtent, type Windows } from "../windows.ts"
import { arrange, type Around, type Moves, paddingOf, padSpatial, perAxis } from "./spatial.ts"

/** Options of pooling; a number stands for all spatial axes, a list has one entry for each. */
export interface PoolOptions {
  /** How far the window moves; its own size unless given. */
  readonly stride?: PerAxis
  /**
   * Places around the input that are never the largest, or count as 0 in a mean: `"valid"` none (the default), `"same"` as
   * many as give `ceil(n / stride)` windows, or numbers, at most half of the window each.
   */
  readonly padding?: PaddingOption
  /** How far the neighbours in a window stand apart; 1 unless given. */
  readonly dilation?: PerAxis
  /** Whether there is one more window where the last would reach over the end; false unless given. */
  readonly ceilMode?: boolean
  readonly layout?: Layout
}

/** Options of mean pooling. */
export interface AvgPoolOptions extends PoolOptions {
  /**
   * Whether padding counts among the elements that the sum is divided by. Unless given: true for padding in numbers, as in
   * PyTorch, and false for "same", as in Keras.
   */
  readonly countIncludePad?: boolean
  /** What to divide every sum by, instead of the number of elements. */
  readonly divisor?: number
}

interface Without {
  readonly max: { readonly countIncludePad?: never; readonly divisor?: never }
  readonly avg: { readonly dilation?: never }
}

/** The shape of a pooling, or the sentence. */
export type PoolingRule<
  Kind extends keyof Without,
  Op extends string,
  N extends SpatialRank,
  S extends Shape,
  D extends DType,
  Z,
  O
> = Accepts<Op, Kind extends "max" ? "number" : "float", D, PoolRule<Op, N, S, Z, O>>

/** A pooling that holds its window and options and waits for its operand. */
export interface PoolBy<Kind extends keyof Without, Op extends string, N extends SpatialRank, Z, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<PoolingRule<Kind, Op, N, S, D, Z, O>>
  ): TensorOf<PoolingRule<Kind, Op, N, S, D, Z, O>, D>
}

/** Pooling over N spatial axes by windows of a size. */
export interface Pool<Kind extends keyof Without, Op extends string, N extends SpatialRank> {
  <const Z extends PerAxis, const O extends AvgPoolOptions = {}>(
    size: Z,
    options?: O & Without[Kind]
  ): PoolBy<Kind, Op, N, Z, O>
  <S extends Shape, D extends DType, const Z extends PerAxis, const O extends AvgPoolOptions = {}>(
    self: Tensor<S, D> & Guard<PoolingRule<Kind, Op, N, S, D, Z, O>>,
    size: Z,
    options?: O & Without[Kind]
  ): TensorOf<PoolingRule<Kind, Op, N, S, D, Z, O>, D>
}

/** The largest elements of a pooling and their places, or what the mistake leaves. */
export type PooledWithIndices<
  Op extends string,
  N extends SpatialRank,
  S extends Shape,
  D extends DType,
  Z,
  O
> = readonly [
  values: TensorOf<PoolingRule<"max", Op, N, S, D, Z, O>, D>,
  indices: TensorOf<PoolingRule<"max", Op, N, S, D, Z, O>, "i32">
]

/** A pooling with indices that holds its window and options and waits for its operand. */
export interface PoolWithIndicesBy<Op extends string, N extends SpatialRank, Z, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<PoolingRule<"max", Op, N, S, D, Z, O>>
  ): PooledWithIndices<Op, N, S, D, Z, O>
}

/** Pooling over N spatial axes that also says where the largest elements stand. */
export interface PoolWithIndices<Op extends string, N extends SpatialRank> {
  <const Z extends PerAxis, const O extends PoolOptions = {}>(size: Z, options?: O): PoolWithIndicesBy<Op, N, Z, O>
  <S extends Shape, D extends DType, const Z extends PerAxis, const O extends PoolOptions = {}>(
    self: Tensor<S, D> & Guard<PoolingRule<"max", Op, N, S, D, Z, O>>,
    size: Z,
    options?: O
  ): PooledWithIndices<Op, N, S, D, Z, O>
}

const range = (start: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => start + i)

/** A pooling with everything decided: where the windows lie on `[batch, spatial..., channels]`, and the padding around. */
interface Placed {
  readonly tensor: AnyTensor
  readonly back: (y: AnyTensor) => AnyTensor
  readonly windows: Windows
  readonly around: ReadonlyArray<Around>
  /** Places behind the padding that the last windows of `ceilMode` reach. */
  readonly beyond: ReadonlyArray<number>
}

/** How many places a last window that starts inside the input, or in the padding before it, reaches over the end. */
const overhang = (length: number, [low, high]: Around, size: number, stride: number, dilation: number): number => {
  const padded = length + low + high
  const extent = windowExtent(size, dilation)
  const count = Math.ceil((padded - extent) / stride) + 1
  const windows = (count - 1) * stride >= length + low ? count - 1 : count
  return Math.max(0, (windows - 1) * stride + extent - padded)
}

const place = (operation: string, n: SpatialRank, x: AnyTensor, size: PerAxis, options: PoolOptions): Placed => {
  const { tensor, back } = arrange(operation, x, n, options.layout)
  const sizes = perAxis(operation, "size", size, n, 1)
  const moves: Moves = {
    sizes,
    strides: perAxis(operation, "stride", options.stride, n, sizes),
    dilations: perAxis(operation, "dilation", options.dilation, n, 1)
  }
  const { strides, dilations } = moves
  const lengths = tensor.shape.slice(1, -1)
  const around = paddingOf(operation, options.padding, lengths, moves)
  if (options.padding !== "same")
    around.forEach((pair, i) => {
      const most = Math.floor(windowExtent(sizes[i] ?? 1, dilations[i] ?? 1) / 2)
      const over = pair.find((p) => p > most)
      if (over !== undefined)
        throw new ShapeError(`${operation}: padding ${over} is more than half of the window of ${showSizes(sizes)}`)
    })
  const beyond = lengths.map((length, i) =>
    options.ceilMode === true
      ? overhang(length, around[i] ?? [0, 0], sizes[i] ?? 1, strides[i] ?? 1, dilations[i] ?? 1)
      : 0
  )
  const fits = lengths.every(
    (length, i) =>
      windowExtent(sizes[i] ?? 1, dilations[i] ?? 1) <=
      length + (around[i]?.[0] ?? 0) + (around[i]?.[1] ?? 0) + (beyond[i] ?? 0)
  )
  if (!fits) {
    const shown = x.shape.join(", ")
    throw new ShapeError(`${operation}: a window of ${showSizes(sizes)} does not fit in [${shown}]; use padding same`)
  }
  return { tensor, back, around, beyond, windows: { axes: range(1, n), sizes, strides, dilations } }
}

const padded = ({ tensor, around, beyond }: Placed, value: number): AnyTensor =>
  padSpatial(
    tensor,
    around.map(([low, high], i): Around => [low, high + (beyond[i] ?? 0)]),
    value
  )

const smallest: Readonly<Record<DType, number>> = { f32: -Infinity, f64: -Infinity, i32: -(2 ** 31), u32: 0, bool: 0 }

const maxPool =
  (operation: string, n: SpatialRank) =>
  (x: AnyTensor, size: PerAxis, options: PoolOptions = {}): AnyTensor => {
    checkOperand(operation, "number", x)
    const at = place(operation, n, x, size, options)
    const [y = x] = ops.windowMax([padded(at, smallest[x.dtype])], at.windows)
    return at.back(y)
  }

/** How many elements each window counts along an axis. */
const countsAlong = (
  { tensor, around, windows, beyond }: Placed,
  i: number,
  withPadding: boolean
): ReadonlyArray<number> => {
  const [low, high] = around[i] ?? [0, 0]
  const length = tensor.shape[i + 1] ?? 0
  const [size, stride] = [windows.sizes[i] ?? 1, windows.strides[i] ?? 1]
  const windowsAlong = windowCount(length + low + high + (beyond[i] ?? 0), size, stride, 1)
  const [first, end] = withPadding ? [-low, length + high] : [0, length]
  return range(0, windowsAlong).map((w) => {
    const start = w * stride - low
    return Math.min(start + size, end) - Math.max(start, first)
  })
}

/** What to divide the sums of windows by: one number where it is the same for all, else one for each place. */
const divisorOf = (at: Placed, dtype: DType, withPadding: boolean): AnyTensor | number => {
  const counts = at.around.map((_, i) => countsAlong(at, i, withPadding))
  if (counts.every((line) => line.every((count) => count === line[0])))
    return counts.reduce((product, [first = 1]) => product * first, 1)
  const shape = counts.map((line) => line.length)
  const data = allocate(dtype, sizeOf(shape))
  for (let o = 0; o < data.length; o++) {
    let rest = o
    let product = 1
    for (let i = counts.length - 1; i >= 0; i--) {
      product *= counts[i]?.[rest % (shape[i] ?? 1)] ?? 1
      rest = Math.floor(rest / (shape[i] ?? 1))
    }
    data[o] = roundTo[dtype](product)
  }
  return ops.constant({ shape: [...shape, 1], dtype, data })
}

const avgPool =
  (operation: string, n: SpatialRank) =>
  (x: AnyTensor, size: PerAxis, options: AvgPoolOptions = {}): AnyTensor => {
    checkOperand(operation, "float", x)
    const { countIncludePad = options.padding !== "same", divisor } = options
    const at = place(operation, n, x, size, options)
    const [sum = x] = ops.windowSum([padded(at, 0)], at.windows)
    if (divisor === 0) throw new ShapeError(`${operation}: divisor 0; give any other number`)
    return at.back(ops.div(sum, divisor ?? divisorOf(at, x.dtype, countIncludePad)))
  }

/** Where the elements that were taken stand in the input without its padding, counted over the spatial axes in row-major order. */
const indicesOf = ({ tensor, windows, around }: Placed, positions: AnyTensor): AnyTensor => {
  const lengths = tensor.shape.slice(1, -1)
  const far = rowMajor(lengths)
  const counts = positions.shape.slice(1, -1)
  const sums = (sizes: ReadonlyArray<number>, step: (i: number) => number): Int32Array => {
    const strides = rowMajor(sizes)
    return Int32Array.from({ length: sizeOf(sizes) }, (_, at) =>
      sizes.reduce((sum, size, i) => sum + (Math.floor(at / (strides[i] ?? 1)) % size) * step(i) * (far[i] ?? 1), 0)
    )
  }
  const within = sums(windows.sizes, (i) => windows.dilations[i] ?? 1)
  const first = sums(counts, (i) => windows.strides[i] ?? 1)
  const before = around.reduce((sum, [low], i) => sum + low * (far[i] ?? 1), 0)
  const places = ops.constant({ shape: [within.length], dtype: "i32", data: within })
  const starts = ops.constant({ shape: [...counts, 1], dtype: "i32", data: first.map((start) => start - before) })
  return ops.add(ops.gather(places, positions, 0), starts)
}

const maxPoolWithIndices =
  (operation: string, n: SpatialRank) =>
  (x: AnyTensor, size: PerAxis, options: PoolOptions = {}): readonly [AnyTensor, AnyTensor] => {
    checkOperand(operation, "number", x)
    const at = place(operation, n, x, size, options)
    const [y = x, positions = x] = ops.windowMax([padded(at, smallest[x.dtype])], at.windows)
    return [at.back(y), at.back(indicesOf(at, positions))]
  }

const max = <Op extends string, N extends SpatialRank>(operation: Op, n: N): Pool<"max", Op, N> =>
  faceWithOptions(maxPool(operation, n))
const maxWithIndices = <Op extends string, N extends SpatialRank>(operation: Op, n: N): PoolWithIndices<Op, N> =>
  faceWithOptions(maxPoolWithIndices(operation, n))
const avg = <Op extends string, N extends SpatialRank>(operation: Op, n: N): Pool<"avg", Op, N> =>
  faceWithOptions(avgPool(operation, n))

/**
 * The largest element of every window along one axis: `T.maxPool1d(x, 2)`. Where several are equal, the first of them
 * (in row-major order) gets the whole derivative, as in PyTorch. NaN counts as the largest. Padding never wins.
 */
export const maxPool1d = max("maxPool1d", 1)

/**
 * The largest element of every window along two axes; see `maxPool1d`.
 *
 * ```ts
 * const x = T.ones([8, 28, 28, 3])
 * const y = T.maxPool2d(x, 2) // [8, 14, 14, 3]
 * const z = T.maxPool2d(x, 3, { stride: 2, padding: 1 }) // [8, 14, 14, 3]
 * ```
 */
export const maxPool2d = max("maxPool2d", 2)

/** The largest element of every window along three axes; see `maxPool1d`. */
export const maxPool3d = max("maxPool3d", 3)

/**
 * What `maxPool1d` gives, and where each element stands in its example and channel, as i32: what PyTorch gives for
 * `return_indices`. No derivative flows into the indices.
 */
export const maxPool1dWithIndices = maxWithIndices("maxPool1dWithIndices", 1)

/** What `maxPool2d` gives, and where each element stands in its plane, `row * width + column`; see `maxPool1dWithIndices`. */
export const maxPool2dWithIndices = maxWithIndices("maxPool2dWithIndices", 2)

/** What `maxPool3d` gives, and where each element stands in its volume; see `maxPool1dWithIndices`. */
export const maxPool3dWithIndices = maxWithIndices("maxPool3dWithIndices", 3)

/**
 * The mean of every window along one axis: `T.avgPool1d(x, 2)`. In `ceilMode` a last window is divided by the number of
 * places that it has inside the padding, as in PyTorch.
 */
export const avgPool1d = avg("avgPool1d", 1)

/** The mean of every window along two axes; see `avgPool1d`. */
export const avgPool2d = avg("avgPool2d", 2)

/** The mean of every window along three axes; see `avgPool1d`. */
export const avgPool3d = avg("avgPool3d", 3)
