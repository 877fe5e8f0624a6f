/** A run of adjacent elements in registers: one vector, or one scalar register per element where vectors cannot mix the types. */
import { Builder, type Buffer, type CombineOp, type DType, type Loop, maxLanes, type Register } from "@cotangent/kernel"

/** Elements `0..width-1`: one register of `width` lanes, or `width` scalar registers. */
export type Lanes = ReadonlyArray<Register>

/** How a kernel computes: `width` elements at a time, in vectors or one by one. The bits do not depend on it. */
export interface LaneMode {
  readonly width: number
  readonly vector: boolean
}

/** A place along one dimension: a sum of loop indices (a chunk and a step inside it), some elements each, and a constant. */
export interface Place {
  readonly loops: ReadonlyArray<{ readonly loop: Loop; readonly by: number }>
  readonly offset: number
}

/** A constant place. */
export const fixed = (offset: number): Place => ({ loops: [], offset })

/** The place a loop stands at, from a starting place; what the loop counts is `by` elements long. */
export const moving = (loop: Loop, from: Place = fixed(0), by = 1): Place => ({
  loops: [...from.loops, { loop, by }],
  offset: from.offset
})

/** A place some elements further. */
export const further = (place: Place, by: number): Place => ({ loops: place.loops, offset: place.offset + by })

/** A place inside what starts at another: both together. */
export const within = (start: Place, { loops, offset }: Place): Place => ({
  loops: [...start.loops, ...loops],
  offset: start.offset + offset
})

/** Parts of `size` elements, and what is left over. */
export const inParts = (
  b: Builder.Builder,
  count: number,
  size: number,
  each: (at: Place, size: number) => void
): void => {
  const whole = Math.floor(count / size) * size
  if (whole === size) each(fixed(0), size)
  else if (whole > 0) b.loop(whole, size, (loop) => each(moving(loop), size))
  if (count > whole) each(fixed(whole), count - whole)
}

/** How an access moves: elements per step of each dimension, and where it starts. */
export interface Stride {
  readonly strides: ReadonlyArray<number>
  readonly offset: number
}

const wide = (dtype: DType): boolean => dtype === "f64"

/**
 * The mode of a kernel that computes values of these types: vectors of 8 where all are 4 bytes wide, of 4 where all are
 * f64, otherwise one element at a time in runs of 8.
 */
export const laneMode = (dtypes: ReadonlyArray<DType>, vectorizable: boolean): LaneMode => {
  const anyWide = dtypes.some(wide)
  const allWide = dtypes.every((dtype) => wide(dtype))
  return { width: anyWide && allWide ? maxLanes.f64 : maxLanes.f32, vector: vectorizable && (allWide || !anyWide) }
}

/** The index expression of an access at a position. */
export const indexAt = ({ strides, offset }: Stride, places: ReadonlyArray<Place>, extra = 0) => {
  let constant = offset + extra
  const terms: Array<readonly [Loop, number]> = []
  places.forEach(({ loops, offset: at }, d) => {
    const stride = strides[d] ?? 0
    constant += stride * at
    for (const { by, loop } of loops) terms.push([loop, stride * by])
  })
  return Builder.at(constant, terms)
}

/** Loads `width` elements, moving by the last stride from one to the next. */
export const loadLanes = (
  b: Builder.Builder,
  mode: LaneMode,
  buffer: Buffer,
  stride: Stride,
  places: ReadonlyArray<Place>,
  width: number
): Lanes => {
  const step = stride.strides.at(-1) ?? 0
  if (width === 1) return [b.load(buffer, indexAt(stride, places))]
  if (mode.vector) return [b.load(buffer, indexAt(stride, places), width, step)]
  return Array.from({ length: width }, (_, i) => b.load(buffer, indexAt(stride, places, i * step)))
}

/** Stores a run of elements. */
export const storeLanes = (
  b: Builder.Builder,
  mode: LaneMode,
  buffer: Buffer,
  stride: Stride,
  places: ReadonlyArray<Place>,
  lanes: Lanes
): void => {
  const step = stride.strides.at(-1) ?? 0
  lanes.forEach((register, i) => {
    if (register.type.lanes === 1) b.store(buffer, indexAt(stride, places, i * step), register)
    else if (mode.vector) b.store(buffer, indexAt(stride, places), register, step)
  })
}

/** One scalar in every lane. */
export const splatLanes = (b: Builder.Builder, mode: LaneMode, scalar: Register, width: number): Lanes =>
  width === 1 ? [scalar] : mode.vector ? [b.splat(scalar, width)] : new Array<Register>(width).fill(scalar)

/** A constant in every lane. */
export const constantLanes = (
  b: Builder.Builder,
  mode: LaneMode,
  value: number,
  dtype: DType,
  width: number
): Lanes => {
  if (mode.vector && width > 1) return [b.constant(value, Builder.typeOf(dtype, width))]
  const scalar = b.constant(value, Builder.typeOf(dtype))
  return new Array<Register>(width).fill(scalar)
}

/** The lane numbers `0..width-1` as i32: the index vector of a loop that runs once, kept in a variable. */
export const laneNumbers = (b: Builder.Builder, width: number): Register => {
  const numbers = b.variable(b.constant(0, Builder.typeOf("i32", width)))
  b.loop(1, 1, (loop) => b.assign(numbers, b.loopIndex(loop, width)))
  return numbers
}

/** `offset + sum(stride * index)` in every lane: the values of an iota seen through a view. */
export const iotaLanes = (
  b: Builder.Builder,
  mode: LaneMode,
  dtype: DType,
  stride: Stride,
  places: ReadonlyArray<Place>,
  width: number,
  lane: (width: number) => Register
): Lanes => {
  const scalar = (extra: number): Register => {
    let sum = b.constant(
      stride.offset + extra + places.reduce((at, place, d) => at + place.offset * (stride.strides[d] ?? 0), 0),
      Builder.typeOf("i32")
    )
    places.forEach(({ loops }, d) => {
      const along = stride.strides[d] ?? 0
      if (along === 0) return
      for (const { loop, by: length } of loops) {
        const [index, by] = [b.loopIndex(loop), along * length]
        sum = b.binary("add", sum, by === 1 ? index : b.binary("mul", index, b.constant(by, Builder.typeOf("i32"))))
      }
    })
    return sum
  }
  const step = stride.strides.at(-1) ?? 0
  if (!mode.vector || width === 1) return Array.from({ length: width }, (_, i) => b.cast(scalar(i * step), dtype))
  const start = b.splat(scalar(0), width)
  if (step === 0) return [b.cast(start, dtype)]
  const type = Builder.typeOf("i32", width)
  return [
    b.cast(
      b.binary("add", start, step === 1 ? lane(width) : b.binary("mul", lane(width), b.constant(step, type))),
      dtype
    )
  ]
}

/** Folds lanes pairwise, lane j with lane j + n/2: the combine tree of the arithmetic contract. */
export const combineLanes = (b: Builder.Builder, op: CombineOp, lanes: Lanes): Register => {
  const [only] = lanes
  if (lanes.length === 1 && only !== undefined) return only.type.lanes === 1 ? only : b.combine(op, only)
  const half = lanes.length / 2
  return combineLanes(
    b,
    op,
    lanes
      .slice(0, half)
      .flatMap((low, j) => (lanes[j + half] === undefined ? [] : [b.binary(op, low, lanes[j + half] ?? low)]))
  )
}

/**
 * Adds a run of elements, full or partial, to running lanes: element i to lane i modulo their number. Lanes without an
 * element are left alone. A run computed one by one may be longer than the lanes: f64 sums beside f32 elements.
 */
export const accumulateLanes = (
  b: Builder.Builder,
  mode: LaneMode,
  op: CombineOp,
  running: Lanes,
  run: Lanes,
  identity: number
): Lanes => {
  const [sum] = running
  const [value] = run
  if (mode.vector && sum !== undefined && value !== undefined)
    return [b.binary(op, sum, b.extend(value, sum.type.lanes, identity))]
  return running.map((lane, i) =>
    run.filter((_, element) => element % running.length === i).reduce((total, x) => b.binary(op, total, x), lane)
  )
}
