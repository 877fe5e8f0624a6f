/**
 * Products that sum over very many terms, taken block by block: what one block of terms reads stays in cache while all
 * tiles of a panel use it. The sums of a tile wait in memory from block to block; they are the same sums in the same order.
 */
import { Builder, type Buffer, maxLanes } from "@cotangent/kernel"
import { sizeOf } from "@cotangent/graph"
import type { Plan } from "./contract-plan.ts"
import { addTerms, finishTile, type Span, type Sums, type TilePlace, type Tiling, vectorsOf } from "./contract-tile.ts"
import { fixed, further, indexAt, moving, type Place } from "./lanes.ts"

/** How the terms fall into blocks: loops over the first summed dimensions, and `sizes` in a block, from the next on. */
export interface Blocks {
  readonly before: ReadonlyArray<number>
  /** The size of the dimension that blocks are cut out of; what is left over is a last, smaller block. */
  readonly whole: number
  readonly sizes: ReadonlyArray<number>
}

/** Terms of a block: a panel of them takes 16 KB. */
const blockTerms = 256
/** Fewer terms than this are one block. */
const manyTerms = 1024
/** Left operands of fewer elements stay in the second cache anyway; those that are read once only profit sooner. */
const leftElements = { product: 2 ** 18, elementwise: 2 ** 16 } as const

/** A part of n that leaves nothing over, if there is one not much smaller than `most`; else `most`. */
const partOf = (n: number, most: number): number => {
  const limit = Math.min(n, Math.max(1, Math.floor(most)))
  for (let k = limit; 2 * k > limit; k--) if (n % k === 0) return k
  return limit
}

/** The blocks of a product with `reads` rows over one panel, if it is worth taking in blocks. */
export const blocksOf = (
  { inner }: Plan,
  reads: number,
  kind: keyof typeof leftElements,
  tileRows: number
): Blocks | undefined => {
  const terms = sizeOf(inner)
  if (terms < manyTerms || terms * reads < leftElements[kind] || reads < 2 * tileRows) return undefined
  let d = 0
  while (d + 1 < inner.length && sizeOf(inner.slice(d + 1)) >= blockTerms) d++
  const [whole = 1, ...rest] = inner.slice(d)
  return { before: inner.slice(0, d), whole, sizes: [partOf(whole, blockTerms / sizeOf(rest)), ...rest] }
}

/** Where partial sums wait: by the dimensions under the panel, rows and columns. */
export interface Waiting {
  readonly blocks: Blocks
  readonly partial: Buffer
  readonly under: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>
}

/** Some columns and the loops over all tiles in them. */
export interface Panel {
  readonly column: Place
  readonly width: number
  readonly tiles: (emit: (at: TilePlace) => void) => void
}

/** For each block and panel, `pack` what the panel reads and add the block's terms in all tiles; then finish all tiles. */
export const blockwise = (
  b: Builder.Builder,
  tiling: Tiling,
  { blocks, partial, under, strides }: Waiting,
  panels: (each: (panel: Panel) => void) => void,
  pack: (panel: Panel, span: Span) => void
): void => {
  const lanes = maxLanes[partial.dtype]
  const places = ({ places: all, row, column }: TilePlace, i: number, start: number): ReadonlyArray<Place> => [
    ...under.map((d) => all[d] ?? fixed(0)),
    further(row, i),
    further(column, start)
  ]
  const each = (
    at: TilePlace,
    f: (index: ReturnType<typeof indexAt>, width: number, i: number, j: number) => void
  ): void => {
    for (let i = 0; i < at.rows; i++)
      vectorsOf(at.columns, lanes).forEach(([start, width], j) =>
        f(indexAt({ strides, offset: 0 }, places(at, i, start)), width, i, j)
      )
  }
  const loadAll = (at: TilePlace): Sums => {
    const sums: Array<Array<Sums[number][number]>> = Array.from({ length: at.rows }, () => [])
    each(at, (index, width, i) => {
      sums[i]?.push(b.variable(width === 1 ? b.load(partial, index) : b.load(partial, index, width)))
    })
    return sums
  }
  const storeAll = (at: TilePlace, sums: Sums): void =>
    each(at, (index, _, i, j) => {
      const sum = sums[i]?.[j]
      if (sum !== undefined) b.store(partial, index, sum)
    })
  panels(({ tiles }) =>
    tiles((at) =>
      each(at, (index, width) => b.store(partial, index, b.constant(0, Builder.typeOf(partial.dtype, width))))
    )
  )
  const block = (span: Span): void =>
    panels((panel) => {
      pack(panel, span)
      panel.tiles((at) => {
        const sums = loadAll(at)
        addTerms(b, tiling, at, span, sums)
        storeAll(at, sums)
      })
    })
  const descend = (d: number, before: ReadonlyArray<Place>): void => {
    const size = blocks.before[d]
    if (size !== undefined) return b.loop(size, 1, (loop) => descend(d + 1, [...before, moving(loop)]))
    const [part = 1, ...rest] = blocks.sizes
    const whole = Math.floor(blocks.whole / part) * part
    b.loop(whole, part, (loop) => block({ before, start: moving(loop), sizes: blocks.sizes }))
    if (blocks.whole > whole) block({ before, start: fixed(whole), sizes: [blocks.whole - whole, ...rest] })
  }
  descend(0, [])
  panels(({ tiles }) => tiles((at) => finishTile(b, tiling, at, loadAll(at))))
}
