/** Loops of kernels that primitives write themselves: over strided arrays, the last dimension in vectors. */
import { type Buffer, Builder, type Index, type Loop, maxLanes, type Register } from "@cotangent/kernel"

/** How far one step of a loop goes. */
export type Terms = ReadonlyArray<readonly [Loop, number]>

/** An array that is walked through: element `(i0, i1, ...)` lies at `offset + terms + sum(strides[d] * i[d])`. */
export interface Strided {
  readonly buffer: Buffer
  readonly offset: number
  readonly strides: ReadonlyArray<number>
  /** Loops outside of the walk that move the array as well. */
  readonly terms?: Terms
}

/** One loop per dimension, outermost first; `body` gets the loops. */
export const nestLoops = (
  b: Builder.Builder,
  sizes: ReadonlyArray<number>,
  body: (loops: ReadonlyArray<Loop>) => void
): void => {
  const descend = (d: number, loops: ReadonlyArray<Loop>): void => {
    const size = sizes[d]
    if (size === undefined) body(loops)
    else b.loop(size, 1, (loop) => descend(d + 1, [...loops, loop]))
  }
  descend(0, [])
}

/**
 * Dimensions without those of size 1, neighbours merged where every array walks through both without a gap. The first
 * `apart` dimensions are not merged with those behind them.
 */
const merged = (sizes: ReadonlyArray<number>, arrays: ReadonlyArray<ReadonlyArray<number>>, apart: number) => {
  const dims: Array<{ size: number; strides: ReadonlyArray<number>; last: number }> = []
  sizes.forEach((size, d) => {
    if (size === 1) return
    const strides = arrays.map((s) => s[d] ?? 0)
    const before = dims.at(-1)
    const joins =
      before !== undefined &&
      (before.last >= apart || d < apart) &&
      strides.every((s, a) => before.strides[a] === s * size)
    if (joins) dims[dims.length - 1] = { size: before.size * size, strides, last: d }
    else dims.push({ size, strides, last: d })
  })
  return dims
}

/** Some elements further on: by a number, and with loops inside. */
export interface Further {
  readonly by: number
  readonly terms: Terms
}
const here: Further = { by: 0, terms: [] }

/** A run of adjacent elements: `width` of them, at `index(array)`, `step(array)` apart. */
export interface Run {
  readonly width: number
  readonly index: (array: number, further?: Further) => Index
  readonly step: (array: number) => number
}

/** Calls `body` for runs that cover an index space; the last dimension is taken `lanes` elements at a time. */
export const overRuns = (
  b: Builder.Builder,
  sizes: ReadonlyArray<number>,
  arrays: ReadonlyArray<Strided>,
  lanes: number,
  body: (run: Run) => void,
  apart = 0
): void => {
  const dims = merged(
    sizes,
    arrays.map(({ strides }) => strides),
    apart
  )
  const row = dims.at(-1) ?? { size: 1, strides: arrays.map(() => 0) }
  nestLoops(
    b,
    dims.slice(0, -1).map(({ size }) => size),
    (loops) => {
      const run = (start: number, width: number, along: ReadonlyArray<Loop>): void =>
        body({
          width,
          step: (a) => row.strides[a] ?? 0,
          index: (a, further = here) => {
            const array = arrays[a]
            const step = row.strides[a] ?? 0
            const outer = loops.map((loop, d) => [loop, dims[d]?.strides[a] ?? 0] as const)
            const inner = along.map((loop) => [loop, step] as const)
            const offset = (array?.offset ?? 0) + further.by + start * step
            return Builder.at(offset, [...(array?.terms ?? []), ...outer, ...inner, ...further.terms])
          }
        })
      const whole = Math.floor(row.size / lanes) * lanes
      if (whole > 0) b.loop(whole, lanes, (loop) => run(0, lanes, [loop]))
      if (row.size > whole) run(whole, row.size - whole, [])
    }
  )
}

/** Reads a run of array `a`, or one some elements further on. */
export const loadRun = (b: Builder.Builder, run: Run, { buffer }: Strided, a: number, further = here): Register =>
  run.width === 1
    ? b.load(buffer, run.index(a, further))
    : b.load(buffer, run.index(a, further), run.width, run.step(a))

/** Writes a run of array `a`. */
export const storeRun = (b: Builder.Builder, run: Run, { buffer }: Strided, a: number, value: Register): void =>
  b.store(buffer, run.index(a), value, run.width === 1 ? 0 : run.step(a))

/** Writes one number everywhere. */
export const fillWith = (b: Builder.Builder, value: number, sizes: ReadonlyArray<number>, to: Strided): void => {
  const { dtype } = to.buffer
  overRuns(b, sizes, [to], maxLanes[dtype], (run) =>
    storeRun(b, run, to, 0, b.constant(value, Builder.typeOf(dtype, run.width)))
  )
}

/** Adds every element of one array to one of another. The first `apart` dimensions stay outside. */
export const addInto = (
  b: Builder.Builder,
  sizes: ReadonlyArray<number>,
  from: Strided,
  to: Strided,
  apart: number
): void =>
  overRuns(
    b,
    sizes,
    [from, to],
    maxLanes[to.buffer.dtype],
    (run) => storeRun(b, run, to, 1, b.binary("add", loadRun(b, run, to, 1), loadRun(b, run, from, 0))),
    apart
  )

/** Up to this many places of a window are written out one by one; more of them are loops. */
const unrolled = 32

/**
 * Calls `body` for every place inside a window, the first axis slowest: once each where there are few, inside loops where
 * there are many. `steps` says how far the neighbours stand apart along each axis; `place` is the number of the place.
 */
export const overPlaces = (
  b: Builder.Builder,
  sizes: ReadonlyArray<number>,
  steps: ReadonlyArray<number>,
  body: (further: Further, place: number | (() => Register)) => void
): void => {
  const n = sizes.reduce((a, size) => a * size, 1)
  const digit = (place: number, d: number): number =>
    Math.floor(place / sizes.slice(d + 1).reduce((a, size) => a * size, 1)) % (sizes[d] ?? 1)
  if (n <= unrolled) {
    for (let place = 0; place < n; place++)
      body({ by: steps.reduce((sum, step, d) => sum + step * digit(place, d), 0), terms: [] }, place)
    return
  }
  const type = Builder.typeOf("i32")
  nestLoops(b, sizes, (loops) =>
    body({ by: 0, terms: loops.map((loop, d) => [loop, steps[d] ?? 0]) }, () =>
      loops.reduce(
        (sum, loop, d) => b.binary("add", b.binary("mul", sum, b.constant(sizes[d] ?? 1, type)), b.loopIndex(loop)),
        b.constant(0, type)
      )
    )
  )
}
