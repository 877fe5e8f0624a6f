/**
 * Product kernels: a tile of accumulators per step, every output one accumulator that takes k in ascending order, and the
 * group's elementwise members applied to the tile before it is written.
 *
 * The last output dimension is computed in vectors, the one before it in rows of the tile. The operand that moves along
 * the last dimension is packed into panels when its elements are not adjacent or the product is large.
 */
import { Builder, type Buffer, bytesOf, type Kernel, maxLanes } from "@cotangent/kernel"
import { sizeOf, Views } from "@cotangent/graph"
import type { Group } from "../schedule.ts"
import { makePlan, type Plan } from "./contract-plan.ts"
import { blocksOf, blockwise, type Panel } from "./contract-blocks.ts"
import {
  addTerms,
  emptySums,
  finishTile,
  placesIn,
  type Span,
  type TilePlace,
  type Tiling,
  vectorsOf,
  wholeSpan
} from "./contract-tile.ts"
import { type Context, modeOf, outputsOf } from "./fused.ts"
import { fixed, further, indexAt, inParts, moving, type Place } from "./lanes.ts"
import { lowerWinograd } from "./winograd.ts"
import { winogradPlan } from "./winograd-plan.ts"

/** Panels are packed when a product reads the same panel at least this often and it has at least this many elements. */
const packReads = 4
/** Rows of the right operand that are a page apart are packed for fewer reads: a panel of them would touch a page for each. */
const [packReadsOfPages, pageBytes] = [2, 4096]
/** From this many elements between neighbours in k on, a left operand that lies along its rows is packed into tiles of rows. */
const farApart = 256
/** Rows packed at a time: whole tiles, about as many as a line of the cache has f32. */
const packedRows = (tileRows: number): number => Math.round(16 / tileRows) * tileRows
const packElements = 8192
/** Panels packed at once: rows of the right operand are read in longer runs. */
const panelsAtOnce = 4
/** With no more terms than this, the results of a product take longer to read and write than to compute. */
const fewTerms = 16
/** As many terms for each array that is read or written with the results are still few, if one thread does everything. */
const termsPerVisit = 24
/** More terms than this are never few. */
const mostTerms = 256
/** A panel that is gone through once for every row of tiles stays in the second cache: no more elements than this. */
const rowsFirstElements = 2 ** 16
/** Fewer results than this stay in cache, in whatever order they are gone through. */
const manyResults = 2 ** 16

/**
 * Copies `width` columns of the right operand: panel by panel, `panelWidth` columns next to each other for every place of
 * a span.
 */
const packPanel = (
  b: Builder.Builder,
  { right }: Plan,
  places: ReadonlyArray<Place>,
  column: Place,
  width: number,
  span: Span,
  panel: Buffer,
  panelWidth: number
): void => {
  const lanes = maxLanes[panel.dtype]
  const strides = Views.rowMajor(span.sizes).map((stride) => stride * panelWidth)
  const descend = (some: ReturnType<typeof vectorsOf>, d = 0, k: ReadonlyArray<Place> = []): void => {
    const size = span.sizes[d]
    if (size !== undefined) return b.loop(size, 1, (loop) => descend(some, d + 1, [...k, moving(loop)]))
    for (const [start, w] of some) {
      const from = indexAt({ strides: [...right.strides, ...right.inner], offset: right.offset }, [
        ...places,
        fixed(0),
        further(column, start),
        ...placesIn(span, k)
      ])
      const value = w === 1 ? b.load(right.buffer, from) : b.load(right.buffer, from, w, right.strides.at(-1) ?? 0)
      const before = Math.floor(start / panelWidth) * panelWidth
      b.store(panel, indexAt({ strides, offset: start - before + before * sizeOf(span.sizes) }, k), value)
    }
  }
  const vectors = vectorsOf(width, lanes)
  // Columns that lie far apart fall into the same lines of the cache: no more of them at a time than it has room for.
  if (right.strides.at(-1) === 1) descend(vectors)
  else for (const vector of vectors) descend([vector])
}

/**
 * Copies some rows of a left operand that lies along its rows, so that each tile's rows stand together for every k: rows
 * far apart in memory would fall into the same lines of the cache again and again. A whole line is read at a time.
 */
const packRows = (
  b: Builder.Builder,
  { left, inner }: Plan,
  places: ReadonlyArray<Place>,
  packed: Buffer,
  tileRows: number,
  row: Place,
  count: number,
  packedRow: Place = row
): void => {
  const [depth = 1] = inner
  b.loop(depth, 1, (loop) => {
    for (const [start, width] of vectorsOf(count, tileRows))
      // A tile may have more rows than a register has lanes.
      for (const [inside, lanes] of vectorsOf(width, Math.min(tileRows, maxLanes[packed.dtype]))) {
        const from = indexAt({ strides: [...left.strides, ...left.inner], offset: left.offset }, [
          ...places,
          further(row, start + inside),
          fixed(0),
          moving(loop)
        ])
        const to = indexAt({ strides: [depth, tileRows], offset: inside }, [further(packedRow, start), moving(loop)])
        b.store(packed, to, lanes === 1 ? b.load(left.buffer, from) : b.load(left.buffer, from, lanes, 1))
      }
  })
}

/** How many arrays are read or written with the results: those that move from row to row and from column to column. */
const visitsOf = (context: Context, group: Group, { sources }: Plan): number => {
  const read = [...sources.values()].flat().filter((source) => source.tag === "memory")
  const moved = read.filter(({ stride: { strides } }) => strides.slice(-2).every((s) => s !== 0))
  const stored = group.members.flatMap((m) => outputsOf(context.values, m)).filter(context.isStored)
  return new Set(moved.map(({ key }) => key)).size + stored.length
}

/**
 * Whether results are gone through as they lie, row of tiles by row of tiles, and the right operand, which fits the cache,
 * for each of them: where there are many results and few terms.
 */
const goesRowsFirst = (context: Context, group: Group, plan: Plan, tileColumns: number): boolean => {
  const { rows, columns, inner, right } = plan
  // Threads share columns: where rows are halves of two threads, what is fetched ahead for one belongs to the other.
  const most = context.threads > 1 ? fewTerms : Math.min(mostTerms, termsPerVisit * visitsOf(context, group, plan))
  return (
    right.strides.at(-1) === 1 &&
    right.strides.at(-2) === 0 &&
    columns >= panelsAtOnce * tileColumns &&
    rows > context.tile.rows &&
    rows * columns >= manyResults &&
    sizeOf(inner) <= most
  )
}

/** The left operand packed into tiles of rows, where that pays: all of it, or as many rows as are packed at a time. */
const packedLeft = (context: Context, plan: Plan, tileColumns: number, rowsFirst: boolean): Plan | undefined => {
  const { left, rows, columns, inner, outer } = plan
  const tileRows = context.tile.rows
  const [depth = 1] = inner
  const alongRows = left.strides.at(-2) === 1 && left.strides.at(-1) === 0 && inner.length === 1
  if (!alongRows || (left.inner[0] ?? 0) < farApart || rows < packedRows(tileRows) || columns < packReads * tileColumns)
    return undefined
  const length = rowsFirst ? packedRows(tileRows) : Math.ceil(rows / tileRows) * tileRows
  const tiles = context.temporary("tiles", left.buffer.dtype, length * depth)
  return {
    ...plan,
    left: { buffer: tiles, offset: 0, strides: [...outer.map(() => 0), depth, 0], inner: [tileRows], tileStep: 1 }
  }
}

/** The kernel of a product and its epilogue. */
export const lowerContract = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const [root] = group.members
  if (root === undefined) throw new RangeError("a contract group starts with its product")
  const filtered = context.relaxed ? winogradPlan(context, group, root) : undefined
  if (filtered !== undefined) return lowerWinograd(context, group, root, filtered, name, cost)
  const given = makePlan(context, group, root)
  const [result = -1] = outputsOf(context.values, root)
  const dtype = context.values.avals[result]?.dtype ?? "f32"
  const tileRows = context.tile.rows
  const tileColumns = maxLanes[dtype] * context.tile.vectors
  const rowsFirst = goesRowsFirst(context, group, given, tileColumns)
  const packed = packedLeft(context, given, tileColumns, rowsFirst)
  const plan = packed ?? given
  const { outer, rows, columns, right } = plan
  const k = sizeOf(plan.inner)
  const numbers = outer.map((_, d) => d)
  // Outer dimensions over which the right operand stands still: one packed panel serves them all.
  const still = packed === undefined ? numbers.filter((d) => right.strides[d] === 0) : []
  const reads = rows * sizeOf(still.map((d) => outer[d] ?? 1))
  const movesColumns = (right.strides.at(-1) ?? 0) !== 0 && right.strides.at(-2) === 0
  const farRows = (right.inner.at(-1) ?? 0) * bytesOf[dtype] >= pageBytes
  const large = k * columns >= packElements && reads >= tileRows * (farRows ? packReadsOfPages : packReads)
  const packs = movesColumns && (large || (right.strides.at(-1) !== 1 && reads > tileRows))
  // Where both operands move along the columns (depthwise) nothing is read twice, but in blocks it is read in order.
  const elementwise = movesColumns && plan.left.strides.at(-1) !== 0
  const blocks =
    (packs || elementwise) && packed === undefined
      ? blocksOf(plan, reads, elementwise ? "elementwise" : "product", tileRows)
      : undefined
  // Threads share columns: every one goes through all blocks of its own.
  const share =
    context.threads > 1 && columns % (context.threads * tileColumns) === 0 ? columns / context.threads : undefined
  const terms = blocks === undefined ? k : sizeOf(blocks.sizes)
  // Blocks are short: their panels stay in the first cache one by one.
  const runs = blocks === undefined && right.strides.at(-1) === 1 && columns >= panelsAtOnce * tileColumns
  // What threads cannot share evenly they share panel by panel.
  const even = Math.floor(columns / (panelsAtOnce * tileColumns)) % context.threads === 0
  const packedColumns = rowsFirst
    ? Math.floor(Math.min(columns, Math.max(rowsFirstElements / k, panelsAtOnce * tileColumns)) / tileColumns) *
      tileColumns
    : tileColumns * (runs && even && packs ? panelsAtOnce : 1)
  const panel = packs
    ? { buffer: context.temporary("panel", dtype, terms * packedColumns), width: tileColumns }
    : undefined
  const under = panel === undefined && blocks === undefined ? [] : still
  const tiling: Tiling = { context, group, root, plan, mode: modeOf(context, group), panel }
  const partial = blocks === undefined ? undefined : context.temporary("partial", dtype, reads * columns)
  /** Where the partial sums of a row lie: by the dimensions under the panel, then rows, then columns. */
  const partialStrides = Views.rowMajor([...under.map((d) => outer[d] ?? 1), rows, columns])
  return Builder.kernel(
    name,
    (b) => {
      /** Loops over some outer dimensions; those that are not entered yet stand at 0. */
      const over = (
        dims: ReadonlyArray<number>,
        places: ReadonlyArray<Place>,
        body: (places: ReadonlyArray<Place>) => void
      ): void => {
        const [d, ...more] = dims
        if (d === undefined) return body(places)
        b.loop(outer[d] ?? 1, 1, (loop) => over(more, places.with(d, moving(loop)), body))
      }
      const overRows = (tile: (row: Place, height: number) => void): void => inParts(b, rows, tileRows, tile)
      const rowsOf = (
        places: ReadonlyArray<Place>,
        column: Place,
        width: number,
        emit: (at: TilePlace) => void,
        packedBefore: Place
      ): void => {
        overRows((row, height) => emit({ places, row, rows: height, column, columns: width, packedBefore }))
      }
      /** Tiles row by row; the left operand is packed for as many rows as it is packed at a time. */
      const alongRows = (
        places: ReadonlyArray<Place>,
        column: Place,
        width: number,
        emit: (at: TilePlace) => void
      ): void => {
        const along = (row: Place, rows: number, packedRow: Place): void => {
          const at = { places, row, rows, packedRow }
          if (width <= tileColumns) emit({ ...at, column, columns: width, packedBefore: fixed(0) })
          else
            b.loop(width, tileColumns, (loop) =>
              emit({ ...at, column: moving(loop, column), columns: tileColumns, packedBefore: moving(loop) })
            )
        }
        if (packed === undefined) return overRows((row, height) => along(row, height, row))
        inParts(b, rows, packedRows(tileRows), (from, count) => {
          packRows(b, given, places, packed.left.buffer, tileRows, from, count, fixed(0))
          inParts(b, count, tileRows, (inside, height) =>
            along({ loops: [...from.loops, ...inside.loops], offset: from.offset + inside.offset }, height, inside)
          )
        })
      }
      const tilesOf = (
        places: ReadonlyArray<Place>,
        column: Place,
        width: number,
        emit: (at: TilePlace) => void
      ): void => {
        const one = (at: Place, packedBefore: Place): void =>
          over(under, places, (inside) => rowsOf(inside, at, Math.min(width, tileColumns), emit, packedBefore))
        if (rowsFirst) over(under, places, (inside) => alongRows(inside, column, width, emit))
        else if (width <= tileColumns) one(column, fixed(0))
        else b.loop(width, tileColumns, (loop) => one(moving(loop, column), moving(loop)))
      }
      const panelsOf = (
        places: ReadonlyArray<Place>,
        each: (at: Panel) => void,
        from: Place = fixed(0),
        count: number = columns
      ): void => {
        const one = (column: Place, width: number): void =>
          each({ column, width, tiles: (emit) => tilesOf(places, column, width, emit) })
        /** As many steps of some width as fit, from a column on; gives the first column that is left. */
        const steps = (start: number, width: number): number => {
          const whole = Math.floor((count - start) / width) * width
          if (whole === width) one(further(from, start), width)
          else if (whole > 0) b.loop(whole, width, (loop) => one(moving(loop, further(from, start)), width))
          return start + whole
        }
        const many = packedColumns === tileColumns ? 0 : steps(0, packedColumns)
        const whole = steps(many, tileColumns)
        if (count > whole) one(further(from, whole), count - whole)
      }
      const columnsOf = (places: ReadonlyArray<Place>): void => {
        if (packed !== undefined && !rowsFirst)
          inParts(b, rows, packedRows(tileRows), (row, count) =>
            packRows(b, given, places, packed.left.buffer, tileRows, row, count)
          )
        const pack = ({ column, width }: Panel, span: Span): void => {
          if (panel !== undefined) packPanel(b, plan, places, column, width, span, panel.buffer, panel.width)
        }
        const panels = (each: (at: Panel) => void): void => panelsOf(places, each)
        if (blocks !== undefined && partial !== undefined) {
          const waiting = { blocks, partial, under, strides: partialStrides }
          const blocked = (some: typeof panels): void => blockwise(b, tiling, waiting, some, pack)
          if (share === undefined) return blocked(panels)
          return b.loop(columns, share, (loop) => blocked((each) => panelsOf(places, each, moving(loop), share)))
        }
        const span = wholeSpan(plan)
        panels((at) => {
          pack(at, span)
          at.tiles((tile) => {
            const sums = emptySums(b, tiling, tile)
            addTerms(b, tiling, tile, span, sums)
            finishTile(b, tiling, tile, sums)
          })
        })
      }
      if (rows > 0 && columns > 0)
        over(
          numbers.filter((d) => !under.includes(d)),
          outer.map(() => fixed(0)),
          columnsOf
        )
    },
    cost
  )
}
