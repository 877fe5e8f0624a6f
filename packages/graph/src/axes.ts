/** Axis arithmetic: counting from either end, permutations, and what reductions leave. */
import { ShapeError, showShape } from "./errors.ts"

/** What has a shape. */
interface Sized {
  readonly shape: ReadonlyArray<number>
}

/** Axis `axis` of a shape of rank `rank`, counted from the front; negative counts from the back. */
export const normalizeAxis = (operation: string, shape: ReadonlyArray<number>, axis: number): number => {
  const position = axis < 0 ? axis + shape.length : axis
  if (!Number.isInteger(axis) || position < 0 || position >= shape.length)
    throw new ShapeError(`${operation}: axis ${axis} does not exist in ${showShape(shape)}`)
  return position
}

/** The shape itself; throws unless every size is a whole number, 0 or more. */
export const checkSizes = (operation: string, shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new ShapeError(`${operation}: ${showShape(shape)} is not a shape: sizes are whole numbers, 0 or more`)
    }
  }
  return shape
}

/** All of several axes, sorted, each once; every axis when `undefined`. */
export const normalizeAxes = (
  operation: string,
  shape: ReadonlyArray<number>,
  axes: number | ReadonlyArray<number> | undefined
): ReadonlyArray<number> => {
  if (axes === undefined) return shape.map((_, d) => d)
  const named = typeof axes === "number" ? [axes] : axes
  const list = named.map((axis) => normalizeAxis(operation, shape, axis))
  if (new Set(list).size !== list.length) {
    throw new ShapeError(`${operation}: an axis is named twice in ${showShape(named)}`)
  }
  return list.toSorted((a, b) => a - b)
}

/** Throws unless the axes exist, counted from the front, and each is named once. */
export const checkAxes = (operation: string, { shape }: Sized, axes: ReadonlyArray<number>): void => {
  for (const axis of axes) {
    if (shape[axis] === undefined) {
      throw new ShapeError(`${operation}: axis ${axis} does not exist in ${showShape(shape)}`)
    }
  }
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError(`${operation}: an axis is named twice in ${showShape(axes)}`)
  }
}

/** Throws unless every list has one entry per axis. */
export const checkRank = (
  operation: string,
  { shape }: Sized,
  ...lists: ReadonlyArray<ReadonlyArray<number>>
): void => {
  for (const list of lists) {
    if (list.length !== shape.length) {
      throw new ShapeError(`${operation}: ${showShape(list)} is not one entry per axis of ${showShape(shape)}`)
    }
  }
}

/** The shape without the given axes. */
export const dropAxes = (shape: ReadonlyArray<number>, axes: ReadonlyArray<number>): ReadonlyArray<number> =>
  shape.filter((_, d) => !axes.includes(d))

/** The shape with the given axes of size 1. */
export const keepAxes = (shape: ReadonlyArray<number>, axes: ReadonlyArray<number>): ReadonlyArray<number> =>
  shape.map((size, d) => (axes.includes(d) ? 1 : size))

/** The permutation that undoes one. */
export const inversePermutation = (permutation: ReadonlyArray<number>): ReadonlyArray<number> => {
  const inverse = new Array<number>(permutation.length).fill(0)
  permutation.forEach((from, to) => {
    inverse[from] = to
  })
  return inverse
}

/** The shape two operands broadcast to, numpy's rule; throws the sentence of the types. */
export const broadcastShapes = (
  operation: string,
  a: ReadonlyArray<number>,
  b: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const rank = Math.max(a.length, b.length)
  const shape: Array<number> = []
  // From the last dimension, as the types do: the sentence names the last clash.
  for (let d = 1; d <= rank; d++) {
    const x = a[a.length - d] ?? 1
    const y = b[b.length - d] ?? 1
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(`${operation}: cannot broadcast ${showShape(a)} with ${showShape(b)}: ${x} and ${y} differ`)
    }
    shape.unshift(x === 1 ? y : x)
  }
  return shape
}

/** Whether two shapes are the same sizes. */
export const sameShape = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((size, d) => size === b[d])
