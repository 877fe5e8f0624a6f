/**
 * Product kernels: a tile of accumulators per step, every output one accumulator that takes k in ascending order, and the
 * group's elementwise members applied to the tile before it is written.
 *
 * The last output dimension is computed in vectors, the one before it in rows of the tile. The operand that moves along
 * the last dimension is packed into panels when its elements are not adjacent or the product is large.
 */
import { Builder, type Buffer, type Kernel, maxLanes, type Register } from "@cotangent/kernel"
import { freeAxes, Views } from "@cotangent/graph"
import type { Access } from "../resolve.ts"
import type { Group, Member } from "../schedule.ts"
import { collapse } from "./collapse.ts"
import { type Context, definedBy, makeFused, modeOf, outputsOf, type Source, sourceOf, storeRun } from "./fused.ts"
import { fixed, further, indexAt, type Lanes, type LaneMode, moving, type Place, type Stride } from "./lanes.ts"

/** Rows of the tile. */
const tileRows = 4
/** Panels are packed when a product reads the same panel at least this often and it has at least this many elements. */
const packReads = 4
/** From this many elements between neighbours in k on, a left operand that lies along its rows is packed into tiles of rows. */
const farApart = 256
/** Rows packed at a time: a line of the cache of f32. */
const packRows = 16
const packElements = 8192

interface Dimensions {
  readonly batch: readonly [ReadonlyArray<number>, ReadonlyArray<number>]
  readonly contract: readonly [ReadonlyArray<number>, ReadonlyArray<number>]
}

/** The dimensions of a dot node; its own typing rule has checked them. */
const dimensionsOf = (attributes: unknown): Dimensions => attributes as Dimensions

/** The strides of an operand over the output dimensions and over the contracted ones. */
const operandStrides = (
  access: Access,
  batch: ReadonlyArray<number>,
  contract: ReadonlyArray<number>,
  before: number,
  after: number
) => {
  const at = (d: number): number => access.view.strides[d] ?? 0
  const free = freeAxes(access.view.shape.length, batch, contract)
  return {
    output: [
      ...batch.map(at),
      ...new Array<number>(before).fill(0),
      ...free.map(at),
      ...new Array<number>(after).fill(0)
    ],
    contracted: contract.map(at)
  }
}

interface Operand {
  readonly buffer: Buffer
  readonly offset: number
  /** Strides over outer dimensions, tile rows, tile columns. */
  readonly strides: ReadonlyArray<number>
  /** Strides over the contracted dimensions. */
  readonly inner: ReadonlyArray<number>
  /** The stride from row to row inside a tile, where it is not that of the rows: in a packed operand. */
  readonly tileStep?: number
}

interface Plan {
  readonly outer: ReadonlyArray<number>
  readonly rows: number
  readonly columns: number
  readonly inner: ReadonlyArray<number>
  readonly left: Operand
  readonly right: Operand
  readonly sources: ReadonlyMap<Member, ReadonlyArray<Source>>
  readonly store: Stride
}

const makePlan = (context: Context, group: Group, dot: Member): Plan => {
  const { values } = context
  const node = values.graph.nodes[dot.node]
  const [x, w] = dot.operands
  if (node === undefined || x === undefined || w === undefined) throw new RangeError("a dot has two operands")
  const { batch, contract } = dimensionsOf(node.attributes)
  const freeLeft = freeAxes(x.view.shape.length, batch[0], contract[0]).length
  const freeRight = freeAxes(w.view.shape.length, batch[1], contract[1]).length
  const left = operandStrides(x, batch[0], contract[0], 0, freeRight)
  const right = operandStrides(w, batch[1], contract[1], freeLeft, 0)
  const inside = definedBy(values, group)
  const epilogue = group.members.filter((m) => m !== dot)
  const accesses = epilogue.flatMap((m) => m.operands)
  const space = collapse({
    sizes: group.space,
    strides: [left.output, right.output, Views.rowMajor(group.space), ...accesses.map((a) => a.view.strides)]
  })
  const contracted = collapse({
    sizes: contract[0].map((d) => x.view.shape[d] ?? 1),
    strides: [left.contracted, right.contracted]
  })
  // Always a row and a column dimension, of size 1 where the output has fewer.
  const pad = Math.max(0, 2 - space.sizes.length)
  const padded = (strides: ReadonlyArray<number> | undefined): ReadonlyArray<number> => [
    ...new Array<number>(pad).fill(0),
    ...(strides ?? [])
  ]
  const sizes = [...new Array<number>(pad).fill(1), ...space.sizes]
  const sources = new Map<Member, ReadonlyArray<Source>>()
  let next = 3
  for (const member of epilogue)
    sources.set(
      member,
      member.operands.map((access) =>
        sourceOf(context, inside, access, { strides: padded(space.strides[next++]), offset: access.view.offset })
      )
    )
  return {
    outer: sizes.slice(0, -2),
    rows: sizes.at(-2) ?? 1,
    columns: sizes.at(-1) ?? 1,
    inner: contracted.sizes,
    left: {
      buffer: context.bufferOf(x.base),
      offset: x.view.offset,
      strides: padded(space.strides[0]),
      inner: contracted.strides[0] ?? []
    },
    right: {
      buffer: context.bufferOf(w.base),
      offset: w.view.offset,
      strides: padded(space.strides[1]),
      inner: contracted.strides[1] ?? []
    },
    sources,
    store: { strides: padded(space.strides[2]), offset: 0 }
  }
}

/** Widths of the vectors that cover `columns` elements. */
const vectorsOf = (columns: number, lanes: number): ReadonlyArray<readonly [number, number]> =>
  Array.from(
    { length: Math.ceil(columns / lanes) },
    (_, j) => [j * lanes, Math.min(lanes, columns - j * lanes)] as const
  )

/** One tile: accumulate over k, apply the epilogue, write. `panel` replaces the right operand when it was packed. */
const emitTile = (
  b: Builder.Builder,
  context: Context,
  group: Group,
  dot: Member,
  plan: Plan,
  mode: LaneMode,
  places: ReadonlyArray<Place>,
  row: Place,
  rows: number,
  column: Place,
  columns: number,
  panel: { readonly buffer: Buffer; readonly width: number } | undefined
): void => {
  const { values } = context
  const [result = -1] = outputsOf(values, dot)
  const dtype = values.avals[result]?.dtype ?? "f32"
  const vectors = vectorsOf(columns, maxLanes[dtype])
  const typeOf = (width: number) => Builder.typeOf(dtype, width)
  const sums = Array.from({ length: rows }, () => vectors.map(([, width]) => b.variable(b.constant(0, typeOf(width)))))
  const load = (operand: Operand, k: ReadonlyArray<Place>, i: number, start: number, width: number): Register => {
    const stride: Stride = { strides: [...operand.strides, ...operand.inner], offset: operand.offset }
    const down = i * (operand.tileStep ?? operand.strides.at(-2) ?? 0)
    const at = indexAt(stride, [...places, row, further(column, start), ...k], down)
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
      const [only = fixed(0)] = k
      const at = indexAt({ strides: [panel.width], offset: start }, [only])
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
  const descend = (d: number, k: ReadonlyArray<Place>): void => {
    const size = plan.inner[d]
    if (size === undefined) step(k)
    else b.loop(size, 1, (loop) => descend(d + 1, [...k, moving(loop)]))
  }
  descend(0, [])
  const fused = makeFused(context, mode, places.length + 1)
  const epilogue = group.members.filter((m) => m !== dot)
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

const lanesOf = (b: Builder.Builder, mode: LaneMode, register: Register): Lanes =>
  mode.vector || register.type.lanes === 1
    ? [register]
    : Array.from({ length: register.type.lanes }, (_, i) => b.extract(register, i))

/** Copies `width` columns of the right operand, for all k, next to each other. */
const packPanel = (
  b: Builder.Builder,
  plan: Plan,
  places: ReadonlyArray<Place>,
  column: Place,
  width: number,
  panel: Buffer,
  panelWidth: number
): void => {
  const { right } = plan
  const lanes = maxLanes[panel.dtype]
  const [k = 1] = plan.inner
  b.loop(k, 1, (loop) => {
    for (const [start, w] of vectorsOf(width, lanes)) {
      const from = indexAt({ strides: [...right.strides, ...right.inner], offset: right.offset }, [
        ...places,
        fixed(0),
        further(column, start),
        moving(loop)
      ])
      const to = indexAt({ strides: [panelWidth], offset: start }, [moving(loop)])
      const value = w === 1 ? b.load(right.buffer, from) : b.load(right.buffer, from, w, right.strides.at(-1) ?? 0)
      b.store(panel, to, value)
    }
  })
}

/**
 * A left operand that lies along its rows, copied so that each tile's rows stand together for every k: rows far apart in
 * memory would fall into the same lines of the cache again and again. A whole line is read at a time.
 */
const packLeft = (
  b: Builder.Builder,
  { left, rows, inner }: Plan,
  places: ReadonlyArray<Place>,
  packed: Buffer
): void => {
  const [depth = 1] = inner
  const copy = (row: Place, count: number): void =>
    b.loop(depth, 1, (loop) => {
      for (const [start, width] of vectorsOf(count, tileRows)) {
        const at = further(row, start)
        const from = indexAt({ strides: [...left.strides, ...left.inner], offset: left.offset }, [
          ...places,
          at,
          fixed(0),
          moving(loop)
        ])
        const to = indexAt({ strides: [depth, tileRows], offset: 0 }, [at, moving(loop)])
        b.store(packed, to, width === 1 ? b.load(left.buffer, from) : b.load(left.buffer, from, width, 1))
      }
    })
  const whole = Math.floor(rows / packRows) * packRows
  if (whole > 0) b.loop(whole, packRows, (loop) => copy(moving(loop), packRows))
  if (rows > whole) copy(fixed(whole), rows - whole)
}

/** The kernel of a product and its epilogue. */
export const lowerContract = (context: Context, group: Group, name: string, cost: Kernel["cost"]): Kernel => {
  const [dot] = group.members
  if (dot === undefined) throw new RangeError("a contract group starts with its dot")
  const given = makePlan(context, group, dot)
  const [result = -1] = outputsOf(context.values, dot)
  const dtype = context.values.avals[result]?.dtype ?? "f32"
  const mode = modeOf(context, group)
  const tileColumns = maxLanes[dtype] * context.tileVectors
  const k = given.inner.reduce((a, n) => a * n, 1)
  const { left } = given
  const alongRows = left.strides.at(-2) === 1 && left.strides.at(-1) === 0 && given.inner.length === 1
  const packsLeft =
    alongRows && (left.inner[0] ?? 0) >= farApart && given.rows >= packRows && given.columns >= packReads * tileColumns
  const tiles = packsLeft
    ? context.temporary("tiles", dtype, Math.ceil(given.rows / tileRows) * tileRows * k)
    : undefined
  const plan: Plan =
    tiles === undefined
      ? given
      : {
          ...given,
          left: {
            buffer: tiles,
            offset: 0,
            strides: [...given.outer.map(() => 0), k, 0],
            inner: [tileRows],
            tileStep: 1
          }
        }
  const adjacent = plan.right.strides.at(-1) === 1
  const rightMovesColumns = (plan.right.strides.at(-1) ?? 0) !== 0 && (plan.right.strides.at(-2) ?? 0) === 0
  const large = k * plan.columns >= packElements && plan.rows >= tileRows * packReads
  const packs = plan.inner.length === 1 && rightMovesColumns && (large || (!adjacent && plan.rows > tileRows))
  const panel = packs ? { buffer: context.temporary("panel", dtype, k * tileColumns), width: tileColumns } : undefined
  return Builder.kernel(
    name,
    (b) => {
      const rowsOf = (places: ReadonlyArray<Place>, column: Place, columns: number): void => {
        if (panel !== undefined) packPanel(b, plan, places, column, columns, panel.buffer, panel.width)
        const whole = Math.floor(plan.rows / tileRows) * tileRows
        const tile = (row: Place, rows: number): void =>
          emitTile(b, context, group, dot, plan, mode, places, row, rows, column, columns, panel)
        if (whole === tileRows) tile(fixed(0), tileRows)
        else if (whole > 0) b.loop(whole, tileRows, (loop) => tile(moving(loop), tileRows))
        if (plan.rows > whole) tile(fixed(whole), plan.rows - whole)
      }
      const columnsOf = (places: ReadonlyArray<Place>): void => {
        const whole = Math.floor(plan.columns / tileColumns) * tileColumns
        if (whole === tileColumns) rowsOf(places, fixed(0), tileColumns)
        else if (whole > 0) b.loop(whole, tileColumns, (loop) => rowsOf(places, moving(loop), tileColumns))
        if (plan.columns > whole) rowsOf(places, fixed(whole), plan.columns - whole)
      }
      const descend = (d: number, places: ReadonlyArray<Place>): void => {
        const size = plan.outer[d]
        if (size === undefined) {
          if (tiles !== undefined) packLeft(b, given, places, tiles)
          columnsOf(places)
        } else b.loop(size, 1, (loop) => descend(d + 1, [...places, moving(loop)]))
      }
      if (plan.rows > 0 && plan.columns > 0) descend(0, [])
    },
    cost
  )
}
