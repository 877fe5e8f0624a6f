/** One tile of a product: the sums in registers, and the elementwise members behind them. */
import { Builder, type Buffer, maxLanes, type Register } from "@cotangent/kernel"
import { sizeOf, Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import type { Operand, Plan } from "./contract-plan.ts"
import { type Context, makeFused, outputsOf, storeRun } from "./fused.ts"
import { fixed, further, indexAt, type Lanes, type LaneMode, moving, type Place, type Stride } from "./lanes.ts"

/** Widths of the vectors that cover `columns` elements. */
export const vectorsOf = (columns: number, lanes: number): ReadonlyArray<readonly [number, number]> =>
  Array.from(
    { length: Math.ceil(columns / lanes) },
    (_, j) => [j * lanes, Math.min(lanes, columns - j * lanes)] as const
  )

/** What all tiles of a product have in common. */
export interface Tiling {
  readonly context: Context
  readonly group: Group
  readonly root: Member
  readonly plan: Plan
  readonly mode: LaneMode
  /** Replaces the right operand where it was packed: `width` columns for every place of the summed dimensions. */
  readonly panel: { readonly buffer: Buffer; readonly width: number } | undefined
}

/** A tile's place: the outer dimensions, then its first row and column, and how many of each it has. */
export interface TilePlace {
  readonly places: ReadonlyArray<Place>
  readonly row: Place
  readonly rows: number
  readonly column: Place
  readonly columns: number
  /** How many columns of the packed panel stand before its own: panels may be packed several at once. */
  readonly packedBefore: Place
  /** Where the left operand has its first row, if it is packed a few rows at a time. */
  readonly packedRow?: Place
}

/** A part of the summed dimensions: the places of the first ones, where the next one starts, and the sizes from there on. */
export interface Span {
  readonly before: ReadonlyArray<Place>
  readonly start: Place
  readonly sizes: ReadonlyArray<number>
}

/** All of the summed dimensions. */
export const wholeSpan = ({ inner }: Plan): Span => ({ before: [], start: fixed(0), sizes: inner })

/** The places of a span as places of all summed dimensions. */
export const placesIn = ({ before, start }: Span, k: ReadonlyArray<Place>): ReadonlyArray<Place> => {
  const [first, ...rest] = k
  return first === undefined
    ? before
    : [...before, { loops: [...start.loops, ...first.loops], offset: start.offset + first.offset }, ...rest]
}

/** The sums of a tile, row by row, vector by vector. */
export type Sums = ReadonlyArray<ReadonlyArray<Register>>

/** Nested loops over no more terms than this are written out. */
const unrolledTerms = 16

const dtypeOf = ({ context, root }: Tiling) => {
  const [result = -1] = outputsOf(context.values, root)
  return context.values.avals[result]?.dtype ?? "f32"
}

/** Sums that start at 0. */
export const emptySums = (b: Builder.Builder, tiling: Tiling, { rows, columns }: TilePlace): Sums => {
  const dtype = dtypeOf(tiling)
  return Array.from({ length: rows }, () =>
    vectorsOf(columns, maxLanes[dtype]).map(([, width]) => b.variable(b.constant(0, Builder.typeOf(dtype, width))))
  )
}

/** Adds the terms of a span to the sums of a tile, in their order. */
export const addTerms = (
  b: Builder.Builder,
  tiling: Tiling,
  { places, row, rows, column, columns, packedBefore, packedRow = row }: TilePlace,
  span: Span,
  sums: Sums
): void => {
  const { plan, panel } = tiling
  const vectors = vectorsOf(columns, maxLanes[dtypeOf(tiling)])
  const load = (operand: Operand, k: ReadonlyArray<Place>, i: number, start: number, width: number): Register => {
    const stride: Stride = { strides: [...operand.strides, ...operand.inner], offset: operand.offset }
    const down = i * (operand.tileStep ?? operand.strides.at(-2) ?? 0)
    const at = indexAt(
      stride,
      [...places, operand === plan.left ? packedRow : row, further(column, start), ...placesIn(span, k)],
      down
    )
    const step = operand.strides.at(-1) ?? 0
    return width === 1 ? b.load(operand.buffer, at) : b.load(operand.buffer, at, width, step)
  }
  const movesRows = (operand: Operand): boolean => (operand.strides.at(-2) ?? 0) !== 0
  const movesColumns = (operand: Operand): boolean => (operand.strides.at(-1) ?? 0) !== 0
  const step = (k: ReadonlyArray<Place>): void => {
    const cache = new Map<string, Register>()
    const once = (key: string, make: () => Register): Register => {
      const known = cache.get(key) ?? make()
      cache.set(key, known)
      return known
    }
    const fetch = (operand: Operand, side: string, i: number, start: number, width: number): Register => {
      const key = `${side}${movesRows(operand) ? i : 0}/${movesColumns(operand) ? start : "x"}/${width}`
      return once(key, () => load(operand, k, i, start, width))
    }
    const right = (i: number, start: number, width: number): Register => {
      if (panel === undefined) return fetch(plan.right, "r", i, start, width)
      const strides = Views.rowMajor(span.sizes).map((stride) => stride * panel.width)
      const at = indexAt({ strides: [...strides, sizeOf(span.sizes)], offset: start }, [...k, packedBefore])
      return once(`p${start}/${width}`, () =>
        width === 1 ? b.load(panel.buffer, at) : b.load(panel.buffer, at, width)
      )
    }
    for (const [start, width] of vectors) right(0, start, width)
    for (let i = 0; i < rows; i++) {
      vectors.forEach(([start, width], j) => {
        const sum = sums[i]?.[j]
        if (sum !== undefined)
          b.assign(
            sum,
            b.binary("add", sum, b.binary("mul", fetch(plan.left, "l", i, start, width), right(i, start, width)))
          )
      })
    }
  }
  const unrolled = span.sizes.length > 1 && sizeOf(span.sizes) <= unrolledTerms
  const descend = (d: number, k: ReadonlyArray<Place>): void => {
    const size = span.sizes[d]
    if (size === undefined) step(k)
    else if (unrolled) for (let i = 0; i < size; i++) descend(d + 1, [...k, fixed(i)])
    else b.loop(size, 1, (loop) => descend(d + 1, [...k, moving(loop)]))
  }
  descend(0, [])
}

/** Applies the epilogue to the sums of a tile and writes what is needed in memory. */
export const finishTile = (
  b: Builder.Builder,
  tiling: Tiling,
  { places, row, rows, column, columns }: TilePlace,
  sums: Sums
): void => {
  const { context, group, root, plan, mode } = tiling
  const { values } = context
  const [result = -1] = outputsOf(values, root)
  const vectors = vectorsOf(columns, maxLanes[dtypeOf(tiling)])
  const fused = makeFused(context, mode, places.length + 1)
  const epilogue = group.members.filter((m) => m !== root)
  const stored = group.members.flatMap((m) => outputsOf(values, m)).filter(context.isStored)
  for (let i = 0; i < rows; i++) {
    vectors.forEach(([start, width], j) => {
      const sum = sums[i]?.[j]
      if (sum === undefined) return
      const run = fused.run([...places, further(row, i), further(column, start)], width)
      run.registers.set(result, lanesOf(b, mode, sum))
      for (const member of epilogue) fused.compute(b, run, member, plan.sources.get(member) ?? [])
      storeRun(b, context, mode, run, stored, () => plan.store)
    })
  }
}

/** A register of a sum as the members behind it compute: one vector, or one scalar for every element. */
export const lanesOf = (b: Builder.Builder, mode: LaneMode, register: Register): Lanes =>
  mode.vector || register.type.lanes === 1
    ? [register]
    : Array.from({ length: register.type.lanes }, (_, i) => b.extract(register, i))
