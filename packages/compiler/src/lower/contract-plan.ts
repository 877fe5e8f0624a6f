/** How a product is taken: which dimension of the output in vectors, which in rows of a tile, and the strides of everything. */
import type { Buffer } from "@cotangent/kernel"
import { Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import { type Context, definedBy, type Source, sourceOf } from "./fused.ts"
import type { Stride } from "./lanes.ts"
import { productOf, type Side } from "./product.ts"

/** An operand as the loops of a product walk through it. */
export interface Operand {
  readonly buffer: Buffer
  readonly offset: number
  /** Strides over outer dimensions, tile rows, tile columns. */
  readonly strides: ReadonlyArray<number>
  /** Strides over the contracted dimensions. */
  readonly inner: ReadonlyArray<number>
  /** The stride from row to row inside a tile, where it is not that of the rows: in a packed operand. */
  readonly tileStep?: number
}

/** A product as its loops see it: outer dimensions, rows and columns of tiles, and the summed dimensions. */
export interface Plan {
  readonly outer: ReadonlyArray<number>
  readonly rows: number
  readonly columns: number
  readonly inner: ReadonlyArray<number>
  readonly left: Operand
  readonly right: Operand
  readonly sources: ReadonlyMap<Member, ReadonlyArray<Source>>
  readonly store: Stride
}

/** A dimension of the output: its size, and the stride over it of the left operand, the right one, and everything else. */
interface Dimension {
  readonly size: number
  readonly strides: ReadonlyArray<number>
}

/** Fewer columns than this are too few for vectors, if another dimension has more. */
const fewColumns = 4

/**
 * Which dimension is taken in vectors: the last, unless it is short and a longer one moves both operands by neighbours
 * or not at all (the channels of a depthwise convolution).
 */
const columnOf = (dims: ReadonlyArray<Dimension>): number => {
  const last = dims.length - 1
  if ((dims[last]?.size ?? 1) >= fewColumns) return last
  const fits = ({ strides: [left = 0, right = 0] }: Dimension): boolean =>
    [0, 1].includes(left) && [0, 1].includes(right) && left + right > 0
  return dims.reduce((best, dim, d) => (fits(dim) && dim.size > (dims[best]?.size ?? 1) ? d : best), last)
}

/** Which of the others is taken in rows of tiles: the last over which the right operand stands still, if it is long enough. */
const rowOf = (dims: ReadonlyArray<Dimension>, tileRows: number): number => {
  const still = dims.flatMap(({ strides: [left = 0, right = 0] }, d) => (left !== 0 && right === 0 ? [d] : []))
  const long = still.findLast((d) => (dims[d]?.size ?? 1) >= tileRows)
  const longest = still.reduce((best, d) => ((dims[d]?.size ?? 1) > (dims[best]?.size ?? 1) ? d : best), still[0] ?? -1)
  return long ?? (longest < 0 ? dims.length - 1 : longest)
}

/** Brings the dimensions into the order outer ones, rows, columns; there are always rows and columns, of size 1 if need be. */
const arranged = (dims: ReadonlyArray<Dimension>, tileRows: number): ReadonlyArray<Dimension> => {
  const one: Dimension = { size: 1, strides: [] }
  const column = columnOf(dims)
  const rest = dims.filter((_, d) => d !== column)
  const row = rowOf(rest, tileRows)
  return [...rest.filter((_, d) => d !== row), rest[row] ?? one, dims[column] ?? one]
}

/** The plan of the product that leads a group, and of the elementwise members behind it. */
export const makePlan = (context: Context, group: Group, root: Member): Plan => {
  const { values } = context
  const { left, right, sizes, spread } = productOf(values, group, root)
  const inside = definedBy(values, group)
  const epilogue = group.members.filter((m) => m !== root)
  const accesses = epilogue.flatMap((m) => m.operands)
  const others = [Views.rowMajor(group.space), ...accesses.map((a) => a.view.strides)].map(spread)
  const space = collapse({ sizes, strides: [left.output, right.output, ...others] })
  const contracted = collapse({ sizes: left.sizes, strides: [left.contracted, right.contracted] })
  const dims = arranged(
    space.sizes.map((size, d) => ({ size, strides: space.strides.map((line) => line[d] ?? 0) })),
    context.tile.rows
  )
  const stridesOf = (k: number): ReadonlyArray<number> => dims.map(({ strides }) => strides[k] ?? 0)
  const sources = new Map<Member, ReadonlyArray<Source>>()
  let next = 3
  for (const member of epilogue)
    sources.set(
      member,
      member.operands.map((access) =>
        sourceOf(context, inside, access, { strides: stridesOf(next++), offset: access.view.offset })
      )
    )
  const operand = ({ access }: Side, k: 0 | 1): Operand => ({
    buffer: context.bufferOf(access.base),
    offset: access.view.offset,
    strides: stridesOf(k),
    inner: contracted.strides[k] ?? []
  })
  return {
    outer: dims.slice(0, -2).map(({ size }) => size),
    rows: dims.at(-2)?.size ?? 1,
    columns: dims.at(-1)?.size ?? 1,
    inner: contracted.sizes,
    left: operand(left, 0),
    right: operand(right, 1),
    sources,
    store: { strides: stridesOf(2), offset: 0 }
  }
}
