/**
 * Windows that move along axes: how many there are, where they lie, and how they are cut out and laid back.
 *
 * A window of `size` elements that stand `dilation` apart covers `(size - 1) dilation + 1` places; one starts at every
 * `stride`-th place, as many as fit whole.
 */
import { checkAxes } from "./axes.ts"
import { ShapeError, showShape } from "./errors.ts"
import type { Operations } from "./operations-interface.ts"
import type { AnyTensor, Aval } from "./tensor.ts"
import type { View } from "./view.ts"

/** Windows along some axes: a size, a stride and a dilation for each. */
export interface Windows {
  readonly axes: ReadonlyArray<number>
  readonly sizes: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>
  readonly dilations: ReadonlyArray<number>
}

/** The places that a window covers, from its first to its last. */
export const windowExtent = (size: number, dilation: number): number => (size - 1) * dilation + 1

/** How many whole windows there are along an axis of `length` places; 0 or less when none fits. */
export const windowCount = (length: number, size: number, stride: number, dilation: number): number =>
  Math.floor((length - windowExtent(size, dilation)) / stride) + 1

/** A row of numbers as a product: `3x3`. */
export const showSizes = (sizes: ReadonlyArray<number>): string => sizes.join("x")

/** Throws unless the lists have one entry for each axis and say windows that fit. */
export const checkWindows = (operation: string, x: Aval, windows: Windows): void => {
  const { axes, sizes, strides, dilations } = windows
  checkAxes(operation, x, axes)
  const lists = { sizes, strides, dilations }
  for (const [name, list] of Object.entries(lists)) {
    if (list.length !== axes.length || list.some((n) => !Number.isInteger(n) || n < 1)) {
      throw new ShapeError(
        `${operation}: ${name} ${showShape(list)} for axes ${showShape(axes)}: one whole number, 1 or more, for each axis`
      )
    }
  }
  axes.forEach((axis, i) => {
    const extent = windowExtent(sizes[i] ?? 1, dilations[i] ?? 1)
    if (extent > (x.shape[axis] ?? 0)) {
      throw new ShapeError(
        `${operation}: a window over ${extent} places does not fit in axis ${axis} of ${showShape(x.shape)}`
      )
    }
  })
}

/** The shape with the number of windows in the place of each axis they move along. */
export const countsOf = (shape: ReadonlyArray<number>, windows: Windows): ReadonlyArray<number> =>
  shape.map((length, d) => {
    const i = windows.axes.indexOf(d)
    return i < 0
      ? length
      : windowCount(length, windows.sizes[i] ?? 1, windows.strides[i] ?? 1, windows.dilations[i] ?? 1)
  })

/** The windows as a view: their numbers in the places of the axes, and behind all axes one more inside each. */
export const windowsView = (view: View, windows: Windows): View => {
  const { axes, sizes, strides, dilations } = windows
  const along = (axis: number): number => view.strides[axis] ?? 0
  return {
    shape: [...countsOf(view.shape, windows), ...sizes],
    strides: [
      ...view.strides.map((stride, d) => stride * (strides[axes.indexOf(d)] ?? 1)),
      ...axes.map((axis, i) => along(axis) * (dilations[i] ?? 1))
    ],
    offset: view.offset
  }
}

/** Whether every element is in one window at most and the elements of a window are neighbours. */
const areBlocks = ({ sizes, strides, dilations }: Windows): boolean =>
  sizes.every((size, i) => strides[i] === size && (dilations[i] === 1 || size === 1))

/** The windows of a tensor, their elements behind all axes. Blocks that do not overlap are a reshape, which fuses. */
export const cutWindows = (ops: Operations, x: AnyTensor, windows: Windows): AnyTensor => {
  if (!areBlocks(windows)) {
    const { axes, sizes, strides, dilations } = windows
    const [y] = ops.windows([x], { axes, sizes, strides, dilations })
    return y ?? x
  }
  const { axes, sizes } = windows
  const counts = countsOf(x.shape, windows)
  const whole = ops.slice(x, {
    start: x.shape.map(() => 0),
    limit: x.shape.map((length, d) => (axes.includes(d) ? (counts[d] ?? 0) * (sizes[axes.indexOf(d)] ?? 1) : length)),
    step: x.shape.map(() => 1)
  })
  const split = ops.reshape(
    whole,
    counts.flatMap((count, d) => (axes.includes(d) ? [count, sizes[axes.indexOf(d)] ?? 1] : [count]))
  )
  return ops.transpose(split, splitOrder(x.shape.length, axes))
}

/** The permutation that brings the inner one of each split axis behind all others, in the order of `axes`. */
const splitOrder = (rank: number, axes: ReadonlyArray<number>): ReadonlyArray<number> => {
  const place = (d: number): number => d + axes.filter((axis) => axis < d).length
  return [...Array.from({ length: rank }, (_, d) => place(d)), ...axes.map((axis) => place(axis) + 1)]
}

/**
 * What an elementwise function makes of tensors with one element for each window and others with one for each place inside a
 * window, laid back. Blocks that do not overlap are computed where they lie.
 */
export const layPlaces = (
  ops: Operations,
  perWindow: ReadonlyArray<AnyTensor>,
  perPlace: ReadonlyArray<AnyTensor>,
  combine: (...xs: ReadonlyArray<AnyTensor>) => AnyTensor,
  windows: Windows,
  shape: ReadonlyArray<number>
): AnyTensor => {
  const { axes, sizes } = windows
  const counts = countsOf(shape, windows)
  const ascending = axes.every((axis, i) => i === 0 || (axes[i - 1] ?? 0) < axis)
  const blocks = ascending && areBlocks(windows)
  const order = blocks ? splitOrder(shape.length, axes) : range(shape.length + axes.length)
  // Dimension d of the whole is dimension order[d] of what is computed.
  const inOrder = (list: ReadonlyArray<number>): ReadonlyArray<number> =>
    list.map((_, at) => list[order.indexOf(at)] ?? 1)
  const whole = inOrder([...counts, ...sizes])
  const spread = (x: AnyTensor, own: ReadonlyArray<number>): AnyTensor =>
    ops.broadcast(ops.reshape(x, inOrder(own)), whole)
  const y = combine(
    ...perWindow.map((x) => spread(x, [...counts, ...sizes.map(() => 1)])),
    ...perPlace.map((x) => spread(x, [...counts.map(() => 1), ...sizes]))
  )
  return blocks ? joinBlocks(ops, y, windows, shape) : layWindows(ops, y, windows, shape)
}

const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** Blocks side by side, each axis split in two, as one array; what no block covers is 0. */
const joinBlocks = (ops: Operations, split: AnyTensor, windows: Windows, shape: ReadonlyArray<number>): AnyTensor => {
  const covered = countsOf(shape, windows).map((count, d) => count * (windows.sizes[windows.axes.indexOf(d)] ?? 1))
  const left = shape.map((length, d) => length - (covered[d] ?? 0))
  const blocks = ops.reshape(split, covered)
  return left.every((n) => n === 0)
    ? blocks
    : ops.pad(blocks, { low: shape.map(() => 0), high: left, interior: shape.map(() => 0) })
}

/** Lays windows back where they were cut out of `shape` and adds up where they overlap: the transpose of `cutWindows`. */
export const layWindows = (
  ops: Operations,
  y: AnyTensor,
  windows: Windows,
  shape: ReadonlyArray<number>
): AnyTensor => {
  const { axes, strides, dilations } = windows
  if (!areBlocks(windows)) {
    const [x] = ops.overlapAdd([y], { axes, lengths: axes.map((axis) => shape[axis] ?? 0), strides, dilations })
    return x ?? y
  }
  const order = splitOrder(shape.length, axes)
  const joined = ops.transpose(
    y,
    order.map((_, to) => order.indexOf(to))
  )
  return joinBlocks(ops, joined, windows, shape)
}
