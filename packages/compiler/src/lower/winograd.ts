/**
 * Convolutions by minimal filtering: tiles of the input and of the kernel are taken to 16 points, where a convolution is a
 * product of matrices for each point, and the results are taken back. Blocks of tiles go through all three, so that what
 * lies between stays in cache.
 *
 * Sums have other roundings than those of the direct product, and a NaN or an infinity reaches all outputs of its tile:
 * for programs whose bits may differ only.
 */
import { Builder, type Buffer, type Kernel, maxLanes, type Register } from "@cotangent/kernel"
import type { Group, Member } from "../schedule.ts"
import type { Plan } from "./contract-plan.ts"
import { addTerms, emptySums, lanesOf, type Sums, type Tiling, vectorsOf, wholeSpan } from "./contract-tile.ts"
import { type Context, makeFused, modeOf, outputsOf, storeRun } from "./fused.ts"
import { fixed, further, indexAt, inParts, within, moving, type Place } from "./lanes.ts"
import type { Spatial, WinogradPlan } from "./winograd-plan.ts"
import {
  inputTransform,
  pointsToThree,
  pointsToTwo,
  type Term,
  threeToPoints,
  transformSquare,
  twoToPoints
} from "./winograd-transform.ts"

/** Points of a tile, along both axes. */
const points = 16
/** About as many tiles are taken through all transforms at a time: they and what is made of them stay in the second cache. */
const blockTiles = 48

/** Tiles in a row along one axis: from which one on, how many, and how many of the two elements of each there are. */
interface Run {
  readonly first: Place
  readonly count: number
  readonly there: 1 | 2
}

/** Some tiles: of `count` images (or whatever the dimension is) from `image` on, those of some runs down, and all across. */
interface Block {
  readonly image: Place
  readonly count: number
  readonly down: ReadonlyArray<Run>
}

/** A tile: where it stands in the image and in the block, and how many of its elements there are along both axes. */
interface TileAt {
  readonly image: Place
  readonly down: Place
  readonly across: Place
  /** Image, row and column of the tile in the block. */
  readonly inside: readonly [Place, Place, Place]
  readonly there: readonly [1 | 2, 1 | 2]
}

/** The tiles along an axis from a place on: whole ones, then perhaps one that stands over the edge. */
const runsFrom = (first: Place, whole: number, edge: boolean): ReadonlyArray<Run> => [
  ...(whole === 0 ? [] : [{ first, count: whole, there: 2 as const }]),
  ...(edge ? [{ first: further(first, whole), count: 1, there: 1 as const }] : [])
]

/** All tiles along an axis. */
const runsOf = (size: number): ReadonlyArray<Run> => runsFrom(fixed(0), Math.floor(size / 2), size % 2 === 1)

const tilesIn = (runs: ReadonlyArray<Run>): number => runs.reduce((sum, { count }) => sum + count, 0)

const dividing = (n: number, most: number): number => {
  for (let k = Math.min(n, Math.max(1, Math.floor(most))); k > 1; k--) if (n % k === 0) return k
  return 1
}

/** The kernel of a convolution by minimal filtering, and its epilogue. */
export const lowerWinograd = (
  context: Context,
  group: Group,
  root: Member,
  at: WinogradPlan,
  name: string,
  cost: Kernel["cost"]
): Kernel => {
  const { tiled, rows, columns, terms, spatial, x, w } = at
  const [vertical, horizontal] = spatial
  const byOutputs = tiled === "outputs"
  /** The dimension whose elements have tiles of their own, and the one that tiles are vectors of. */
  const [images, channels] = byOutputs ? [rows, terms] : [terms, rows]
  const lanes = maxLanes.f32
  const tileRows = context.tile.rows
  const tileColumns = lanes * context.tile.vectors
  const tiledSize = ({ outputs, places }: Spatial): number => (byOutputs ? outputs : places)
  const [height, across] = [tiledSize(vertical), runsOf(tiledSize(horizontal))]
  const [high, wide] = [Math.ceil(height / 2), tilesIn(across)]
  const cuts = high * wide > 2 * blockTiles
  const perBlock = cuts ? 1 : dividing(images.size, blockTiles / (high * wide))
  /** Rows of tiles that a block has, of an image that is cut. */
  const cutRows = cuts ? Math.max(2, Math.floor(blockTiles / wide)) : high
  const capacity = perBlock * cutRows * wide
  const share =
    !byOutputs && context.threads > 1 && columns.size % (context.threads * lanes) === 0
      ? columns.size / context.threads
      : columns.size
  const width = byOutputs ? columns.size : share
  const mode = modeOf(context, group)
  const [result = -1] = outputsOf(context.values, root)
  const stored = group.members.flatMap((m) => outputsOf(context.values, m)).filter(context.isStored)
  const epilogue = group.members.filter((m) => m !== root)
  const temporary = (label: string, length: number): Buffer => context.temporary(label, "f32", length)
  const [productRows, depth] = byOutputs ? [capacity, terms.size] : [rows.size, capacity]
  const input = { buffer: temporary("tiles", points * capacity * channels.size), point: capacity * channels.size }
  const products = images.size * channels.size * columns.size
  const direct = 9 * tiledSize(vertical) * tiledSize(horizontal)
  const flops = cost.flops + 2 * products * (points * high * wide - direct)
  const filter = { buffer: temporary("filters", points * depth * width), point: depth * width }
  const sums = { buffer: temporary("points", points * productRows * width), point: productRows * width }

  return Builder.kernel(
    `${name}_filtered`,
    (b) => {
      /** The elements of a dimension in vectors: as many whole ones as there are, then what is left. */
      const overVectors = (size: number, from: Place, body: (at: Place, inside: Place, width: number) => void): void =>
        inParts(b, size, lanes, (local, width) => body(within(from, local), local, width))
      const times = (count: number, body: (at: Place) => void): void =>
        count === 1 ? body(fixed(0)) : b.loop(count, 1, (loop) => body(moving(loop)))
      const load = (buffer: Buffer, index: ReturnType<typeof indexAt>, width: number, step = 1): Register =>
        width === 1 ? b.load(buffer, index) : b.load(buffer, index, width, step)

      const overTiles = ({ count, down: runs, image }: Block, body: (tile: TileAt) => void): void =>
        times(count, (local) => {
          let before = 0
          for (const run of runs) {
            const [start, first] = [before, run.first]
            before += run.count
            times(run.count, (row) => {
              for (const side of across)
                times(side.count, (column) => {
                  const place = within(side.first, column)
                  body({
                    image: within(image, local),
                    down: within(first, row),
                    across: place,
                    inside: [local, further(row, start), place],
                    there: [run.there, side.there]
                  })
                })
            })
          }
        })
      const blocks = (body: (block: Block) => void): void => {
        if (!cuts) {
          const whole = (image: Place): void => body({ image, count: perBlock, down: runsOf(height) })
          if (perBlock === images.size) return whole(fixed(0))
          return b.loop(images.size, perBlock, (loop) => whole(moving(loop)))
        }
        // The last cut has room for the row that stands over the edge.
        const [cut, rowsWhole] = [cutRows - 1, Math.floor(height / 2)]
        const inCuts = Math.floor(rowsWhole / cut) * cut
        times(images.size, (image) => {
          const some = (runs: ReadonlyArray<Run>): void => body({ image, count: 1, down: runs })
          if (inCuts > 0) b.loop(inCuts, cut, (loop) => some(runsFrom(moving(loop), cut, false)))
          const rest = runsFrom(fixed(inCuts), rowsWhole - inCuts, height % 2 === 1)
          if (rest.length > 0) some(rest)
        })
      }

      const insideStrides = (row: number): ReadonlyArray<number> => [cutRows * wide * row, wide * row, row, 1]
      /** Tiles of the input at all points: by point, tile and channel. */
      const takeInput = (block: Block): void =>
        overTiles(block, ({ image, down: row, across: column, inside, there }) =>
          overVectors(channels.size, fixed(0), (channel, _, width) =>
            transformSquare(
              b,
              inputTransform,
              (i, j) =>
                // A tile over the edge lacks its last line.
                i > there[0] + 1 || j > there[1] + 1
                  ? undefined
                  : load(
                      x.buffer,
                      indexAt(
                        { strides: [images.x, 2 * vertical.x, 2 * horizontal.x, channels.x], offset: x.offset },
                        [image, row, column, channel],
                        i * vertical.x + j * horizontal.x
                      ),
                      width,
                      channels.x
                    ),
              (i, j, value) => store(input, insideStrides(channels.size), [...inside, channel], i, j, value, width)
            )
          )
        )
      const store = (
        to: { readonly buffer: Buffer; readonly point: number },
        strides: ReadonlyArray<number>,
        places: ReadonlyArray<Place>,
        i: number,
        j: number,
        value: Term,
        width: number
      ): void =>
        b.store(
          to.buffer,
          indexAt({ strides, offset: 0 }, places, (4 * i + j) * to.point),
          value ?? b.constant(0, Builder.typeOf("f32", width))
        )
      /** The kernel at all points: by point, channel and column. */
      const takeKernel = (): void =>
        times(terms.size, (term) =>
          overVectors(columns.size, fixed(0), (column, _, width) =>
            transformSquare(
              b,
              threeToPoints,
              (i, j) =>
                load(
                  w.buffer,
                  indexAt(
                    { strides: [terms.w, columns.w], offset: w.offset },
                    [term, column],
                    i * vertical.w + j * horizontal.w
                  ),
                  width,
                  columns.w
                ),
              (i, j, value) => store(filter, [columns.size, 1], [term, column], i, j, value, width)
            )
          )
        )
      /** Tiles of what windows as large as images meet, at all points: by point, tile and column. */
      const takePlaces = (block: Block, from: Place): void =>
        overTiles(block, ({ image, down: row, across: column, inside, there }) =>
          overVectors(share, from, (place, local, width) =>
            transformSquare(
              b,
              twoToPoints,
              (i, j) =>
                i >= there[0] || j >= there[1]
                  ? undefined
                  : load(
                      w.buffer,
                      indexAt(
                        { strides: [terms.w, 2 * vertical.w, 2 * horizontal.w, columns.w], offset: w.offset },
                        [image, row, column, place],
                        i * vertical.w + j * horizontal.w
                      ),
                      width,
                      columns.w
                    ),
              (i, j, value) => store(filter, insideStrides(share), [...inside, local], i, j, value, width)
            )
          )
        )

      /** A product for every point, over some rows and terms; added to what is there, or in its place. */
      const multiply = (rowCount: number, termCount: number, adds: boolean): void => {
        const plan: Plan = {
          outer: [points],
          rows: rowCount,
          columns: width,
          inner: [termCount],
          left: byOutputs
            ? { buffer: input.buffer, offset: 0, strides: [input.point, channels.size, 0], inner: [1] }
            : { buffer: input.buffer, offset: 0, strides: [input.point, 1, 0], inner: [channels.size] },
          right: { buffer: filter.buffer, offset: 0, strides: [filter.point, 0, 1], inner: [width] },
          sources: new Map(),
          store: { strides: [sums.point, width, 1], offset: 0 }
        }
        const tiling: Tiling = { context, group, root, plan, mode, panel: undefined }
        b.loop(points, 1, (point) =>
          inParts(b, width, tileColumns, (column, columnCount) =>
            inParts(b, rowCount, tileRows, (row, count) => {
              const tile = { places: [moving(point)], row, rows: count, column, columns: columnCount }
              const place = (i: number, start: number) =>
                indexAt(plan.store, [moving(point), further(row, i), further(column, start)])
              const vectors = vectorsOf(columnCount, lanes)
              const held: Sums = adds
                ? Array.from({ length: count }, (_, i) =>
                    vectors.map(([start, width]) => b.variable(load(sums.buffer, place(i, start), width)))
                  )
                : emptySums(b, tiling, { ...tile, packedBefore: fixed(0) })
              addTerms(b, tiling, { ...tile, packedBefore: fixed(0) }, wholeSpan(plan), held)
              held.forEach((line, i) =>
                line.forEach((sum, j) => b.store(sums.buffer, place(i, vectors[j]?.[0] ?? 0), sum))
              )
            })
          )
        )
      }

      /** Takes points back to outputs and applies the members behind the product. */
      const finish = (
        transform: typeof pointsToTwo,
        there: readonly [number, number],
        places: readonly [Place, Place, Place, Place],
        local: ReadonlyArray<Place>,
        strides: ReadonlyArray<number>,
        width: number
      ): void => {
        const fused = makeFused(context, mode, places.length - 1)
        transformSquare(
          b,
          transform,
          (i, j) => load(sums.buffer, indexAt({ strides, offset: 0 }, local, (4 * i + j) * sums.point), width),
          (i, j, value) => {
            if (i >= there[0] || j >= there[1] || value === undefined) return
            const run = fused.run(places, width)
            run.registers.set(result, lanesOf(b, mode, value))
            const sources = at.sources(i, j)
            for (const member of epilogue) fused.compute(b, run, member, sources.get(member) ?? [])
            storeRun(b, context, mode, run, stored, () => at.store(i, j))
          }
        )
      }

      if (byOutputs) {
        takeKernel()
        return blocks((block) => {
          takeInput(block)
          multiply((block.count - 1) * cutRows * wide + tilesIn(block.down) * wide, terms.size, false)
          overTiles(block, ({ image, down: row, across: column, inside, there }) =>
            overVectors(columns.size, fixed(0), (place, _, width) =>
              finish(
                pointsToTwo,
                there,
                [image, row, column, place],
                [...inside, place],
                insideStrides(columns.size),
                width
              )
            )
          )
        })
      }
      const some = (from: Place): void => {
        times(points * rows.size, (line) =>
          overVectors(width, fixed(0), (_, local, count) =>
            b.store(
              sums.buffer,
              indexAt({ strides: [width, 1], offset: 0 }, [line, local]),
              b.constant(0, Builder.typeOf("f32", count))
            )
          )
        )
        blocks((block) => {
          takeInput(block)
          takePlaces(block, from)
          multiply(rows.size, (block.count - 1) * cutRows * wide + tilesIn(block.down) * wide, true)
        })
        times(rows.size, (row) =>
          overVectors(width, from, (place, local, count) =>
            finish(pointsToThree, [3, 3], [row, fixed(0), fixed(0), place], [row, local], [width, 1], count)
          )
        )
      }
      if (share === columns.size) some(fixed(0))
      else b.loop(columns.size, share, (loop) => some(moving(loop)))
    },
    { ...cost, flops }
  )
}
