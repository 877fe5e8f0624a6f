/** Where the elements of a resized axis come from: a few elements each, with weights. The numbers are PyTorch's. */

/** How to fill in between: the nearest element, a straight line, a cubic, or the mean of what an output covers. */
export type ResizeMode = "nearest" | "nearestExact" | "linear" | "cubic" | "area"

/** For every output one element, and what it is multiplied by. */
export interface Tap {
  readonly index: ReadonlyArray<number>
  readonly weight: ReadonlyArray<number>
}

const clamp = (i: number, length: number): number => Math.min(Math.max(i, 0), length - 1)
const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** The nearest element of each output; positions are rounded to float32 first, as PyTorch does for every element type. */
export const nearestIndices = (
  length: number,
  count: number,
  scale: number,
  mode: "nearest" | "nearestExact"
): ReadonlyArray<number> => {
  const step = Math.fround(scale)
  const shift = mode === "nearest" ? 0 : 0.5
  return range(count).map((i) => {
    // PyTorch takes these two for what they are, also when the factor that was given is not quite 1 or 2.
    if (mode === "nearest" && count === length) return i
    if (mode === "nearest" && count === 2 * length) return Math.floor(i / 2)
    return clamp(Math.floor(Math.fround(Math.fround(i + shift) * step)), length)
  })
}

/** Where output i stands among the elements. */
const positionOf = (i: number, length: number, count: number, scale: number, alignCorners: boolean): number =>
  alignCorners ? (count === 1 ? 0 : (i * (length - 1)) / (count - 1)) : (i + 0.5) * scale - 0.5

/** A piece of the cubic of Keys 1981 through neighbours, by the distance. */
const cubic = (a: number, distance: number): number => {
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

/** Between two neighbours on a line, or among four on a cubic; beyond the ends the last element stands for all. */
export const interpolationTaps = (
  length: number,
  count: number,
  scale: number,
  alignCorners: boolean,
  mode: "linear" | "cubic"
): ReadonlyArray<Tap> => {
  const places = range(count).map((i) => {
    const position = positionOf(i, length, count, scale, alignCorners)
    const inside = mode === "linear" ? Math.max(0, position) : position
    const first = Math.floor(inside)
    return { first, beyond: inside - first }
  })
  const tap = (offset: number, weight: (beyond: number) => number): Tap => ({
    index: places.map(({ first }) => clamp(first + offset, length)),
    weight: places.map(({ beyond }) => weight(beyond))
  })
  return mode === "linear"
    ? [tap(0, (t) => 1 - t), tap(1, (t) => t)]
    : [-1, 0, 1, 2].map((offset) => tap(offset, (t) => cubic(-0.75, t - offset)))
}

/** Weights that widen when an axis shrinks, so that every element counts; they are scaled to the sum 1. Pillow's filter. */
export const antialiasTaps = (
  length: number,
  count: number,
  scale: number,
  alignCorners: boolean,
  mode: "linear" | "cubic"
): ReadonlyArray<Tap> => {
  const step = alignCorners ? (count > 1 ? (length - 1) / (count - 1) : 0) : scale
  const width = Math.max(1, step)
  const support = (mode === "linear" ? 1 : 2) * width
  const filter = (x: number): number => (mode === "linear" ? Math.max(0, 1 - Math.abs(x)) : cubic(-0.5, x))
  const rows = range(count).map((i) => {
    const center = step * (i + 0.5)
    const start = Math.max(Math.trunc(center - support + 0.5), 0)
    const end = Math.min(Math.trunc(center + support + 0.5), length)
    const weights = range(end - start).map((j) => filter((j + start - center + 0.5) / width))
    const sum = weights.reduce((a, w) => a + w, 0)
    return { start, weights: weights.map((w) => w / sum) }
  })
  const most = Math.max(...rows.map(({ weights }) => weights.length))
  return range(most).map((j) => ({
    index: rows.map(({ start }) => clamp(start + j, length)),
    weight: rows.map(({ weights }) => weights[j] ?? 0)
  }))
}
