/** What an index in NumPy's manner reads and writes: a cut that is a view, and then places along some of its axes. */
import { broadcastShapes, inversePermutation, sameShape } from "../axes.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { Cut } from "../cut-rules.ts"
import type { Index } from "../indexing-rules.ts"
import { operations as ops } from "../operations.ts"
import type { SliceBounds } from "../operations-interface.ts"
import { flipBounds } from "../primitives/slice.ts"
import { type AnyTensor, isTensor, sizeOf } from "../tensor.ts"
import { of } from "../value.ts"
import { checkIndices, literalPlace, literalPlaces, placesIn } from "./places.ts"

/** Start, limit and step of one axis. */
type Bounds = readonly [start: number, limit: number, step: number]

/** The bounds of a cut, as Python has them. */
export const boundsOf = ({ start, end, step = 1 }: Cut, size: number): Bounds => {
  const [low, high] = step < 0 ? [-1, size - 1] : [0, size]
  const bound = (value: number | undefined, otherwise: number): number =>
    value === undefined ? otherwise : Math.min(Math.max(value < 0 ? value + size : value, low), high)
  const [first, last] = step < 0 ? [bound(start, high), bound(end, low)] : [bound(start, low), bound(end, high)]
  return [first, step < 0 ? Math.min(first, last) : Math.max(first, last), step]
}

/** Places along one axis of what was cut. */
interface PlacesAlong {
  readonly axis: number
  readonly indices: AnyTensor
}

/** An index of a tensor, worked out. */
export interface IndexPlan {
  readonly bounds: SliceBounds
  /** Whether the cut leaves everything as it is. */
  readonly whole: boolean
  /** The shape after the cut, and without the axes of which one element was taken. */
  readonly cut: ReadonlyArray<number>
  readonly kept: ReadonlyArray<number>
  readonly places: ReadonlyArray<PlacesAlong>
  /** The common shape of the places. */
  readonly block: ReadonlyArray<number>
  /** How many axes stand before the places in the result, but for new ones. */
  readonly front: number
  /** The result's shape, without its new axes and with them. */
  readonly bare: ReadonlyArray<number>
  readonly shape: ReadonlyArray<number>
}

type Entry = Index | "gap"

/** Where the walk over the entries is: before any places, among them, behind them, or past places that others separate. */
type Phase = "before" | "among" | "behind" | "apart"

/** The entries with the ellipsis written out, one for every axis and new axis. */
const expand = (operation: string, shape: ReadonlyArray<number>, index: ReadonlyArray<Index>): ReadonlyArray<Entry> => {
  const named = index.filter((entry) => entry !== null && entry !== "...").length
  if (index.filter((entry) => entry === "...").length > 1)
    throw new ShapeError(`${operation}: two ellipses in one index; one stands for all axes that are not named`)
  if (named > shape.length)
    throw new ShapeError(`${operation}: ${named} indices for the ${shape.length} axes of ${showShape(shape)}`)
  const rest = new Array<Entry>(shape.length - named).fill({})
  const at = index.findIndex((entry) => entry === "...")
  return at < 0 ? [...index, ...rest] : [...index.slice(0, at), "gap", ...rest, ...index.slice(at + 1)]
}

const isList = (entry: Entry): entry is ReadonlyArray<number> => Array.isArray(entry)

/** Works out an index of a tensor of this shape; throws the sentence when it does not fit. */
export const planIndex = (operation: string, shape: ReadonlyArray<number>, index: ReadonlyArray<Index>): IndexPlan => {
  const entries = expand(operation, shape, index)
  const advanced = entries.some((entry) => isTensor(entry) || isList(entry))
  const bounds: Array<Bounds> = []
  const kept: Array<number> = []
  const places: Array<PlacesAlong> = []
  /** Sizes of the result that stand where they are, in front of the places and behind them; new axes apart. */
  const [before, behind]: [Array<readonly [size: number, isNew: boolean]>, Array<readonly [number, boolean]>] = [[], []]
  // Stated as a whole: TypeScript does not see that the functions below change it.
  let phase = "before" as Phase
  let block: ReadonlyArray<number> = []
  const keep = (size: number, isNew: boolean): void => {
    ;(phase === "before" ? before : behind).push([size, isNew])
    if (phase === "among") phase = "behind"
  }
  const take = (taken: ReadonlyArray<number>): void => {
    block = broadcastShapes(operation, block, taken)
    phase = phase === "behind" || phase === "apart" ? "apart" : "among"
  }
  for (const entry of entries) {
    const axis = bounds.length
    const size = shape[axis] ?? 0
    if (entry === "gap") {
      if (phase === "among") phase = "behind"
    } else if (entry === null) keep(1, true)
    else if (typeof entry === "number") {
      const place = literalPlace(operation, entry, axis, shape)
      bounds.push([place, place + 1, 1])
      if (advanced) take([])
    } else if (isTensor(entry) || isList(entry)) {
      if (isTensor(entry)) checkIndices(operation, entry, axis, shape)
      const indices = isTensor(entry) ? entry : literalPlaces(operation, entry, axis, shape)
      places.push({ axis: kept.length, indices })
      bounds.push([0, size, 1])
      kept.push(size)
      take(indices.shape)
    } else {
      // The last of the kinds an entry can be; "..." has been written out.
      const [start, limit, step] = boundsOf(entry as Cut, size)
      bounds.push([start, limit, step])
      const length = Math.max(0, Math.ceil((limit - start) / step))
      kept.push(length)
      keep(length, false)
    }
  }
  const apart = phase === "apart"
  const dims = apart ? [...before, ...behind] : before
  const around = apart ? [] : behind
  const sizes = (list: ReadonlyArray<readonly [number, boolean]>): ReadonlyArray<number> =>
    list.flatMap(([size, isNew]) => (isNew ? [] : [size]))
  const all = (list: ReadonlyArray<readonly [number, boolean]>): ReadonlyArray<number> => list.map(([size]) => size)
  return {
    bounds: {
      start: bounds.map(([start]) => start),
      limit: bounds.map(([, limit]) => limit),
      step: bounds.map(([, , step]) => step)
    },
    whole: bounds.every(([start, limit, step], d) => start === 0 && limit === shape[d] && step === 1),
    cut: bounds.map(([start, limit, step]) => Math.max(0, Math.ceil((limit - start) / step))),
    kept,
    places,
    block,
    front: apart ? 0 : sizes(before).length,
    bare: apart ? [...block, ...sizes(dims)] : [...sizes(before), ...block, ...sizes(around)],
    shape: apart ? [...block, ...all(dims)] : [...all(before), ...block, ...all(around)]
  }
}

/** The axes of places brought next to each other and merged into one, and where that stands. */
interface Merged {
  /** The order the kept axes are brought into first, where places are apart. */
  readonly order: ReadonlyArray<number>
  readonly axis: number
  /** The shape with the axes of places as one. */
  readonly shape: ReadonlyArray<number>
  /** Places along the merged axis. */
  readonly indices: AnyTensor
}

const mergePlaces = ({ kept, places, block }: IndexPlan): Merged | undefined => {
  const [first] = places
  if (first === undefined) return undefined
  const adjacent = places.every(({ axis }, i) => axis === first.axis + i)
  const others = kept.map((_, d) => d).filter((d) => !places.some(({ axis }) => axis === d))
  const order = adjacent ? kept.map((_, d) => d) : [...places.map(({ axis }) => axis), ...others]
  const axis = adjacent ? first.axis : 0
  const sizes = places.map((p) => kept[p.axis] ?? 1)
  const ordered = order.map((d) => kept[d] ?? 1)
  const shape = [...ordered.slice(0, axis), sizeOf(sizes), ...ordered.slice(axis + places.length)]
  if (places.length === 1) {
    return { order, axis, shape, indices: first.indices }
  }
  const position = places
    .map(({ indices }, i) => {
      const stride = sizeOf(sizes.slice(i + 1))
      const at = placesIn(indices, sizes[i] ?? 1)
      return stride === 1 ? at : ops.mul(at, stride)
    })
    .reduce((sum, at) => ops.add(sum, at))
  return { order, axis, shape, indices: ops.broadcast(position, block) }
}

/** The permutation that moves the `count` axes at `from` to `to`, of `rank` axes. */
const movingBlock = (rank: number, from: number, count: number, to: number): ReadonlyArray<number> => {
  const rest = Array.from({ length: rank }, (_, d) => d).filter((d) => d < from || d >= from + count)
  return rest.toSpliced(to, 0, ...Array.from({ length: count }, (_, i) => from + i))
}

/** What an index reads. Without places it is a view. */
export const readIndex = (x: AnyTensor, plan: IndexPlan): AnyTensor => {
  const cut = ops.reshape(plan.whole ? x : ops.slice(x, plan.bounds), plan.kept)
  const merged = mergePlaces(plan)
  if (merged === undefined) return ops.reshape(cut, plan.shape)
  const table = ops.reshape(ops.transpose(cut, merged.order), merged.shape)
  const taken = ops.gather(table, merged.indices, merged.axis)
  const placed = ops.transpose(taken, movingBlock(taken.shape.length, merged.axis, plan.block.length, plan.front))
  return ops.reshape(placed, plan.shape)
}

/** The axes that a cut walks backwards, turned round. */
const turned = (x: AnyTensor, step: ReadonlyArray<number>): AnyTensor => {
  const turns = (d: number): boolean => (x.shape[d] ?? 1) > 1 && (step[d] ?? 1) < 0
  return x.shape.some((_, d) => turns(d)) ? ops.slice(x, flipBounds(x.shape, turns)) : x
}

/** The smallest and the largest place of a cut along each axis, none of which is empty. */
const spans = ({ bounds: { start, step }, cut }: IndexPlan): ReadonlyArray<readonly [low: number, high: number]> =>
  cut.map((size, d) => {
    const first = start[d] ?? 0
    const last = first + (size - 1) * (step[d] ?? 1)
    return [Math.min(first, last), Math.max(first, last)]
  })

/** Whether an element of the shape lies in the cut. */
const insideCut = (plan: IndexPlan, shape: ReadonlyArray<number>): AnyTensor | undefined => {
  const masks = spans(plan).flatMap(([low, high], d) => {
    const size = shape[d] ?? 1
    const step = Math.abs(plan.bounds.step[d] ?? 1)
    if (low === 0 && high === size - 1 && step === 1) return []
    const along = shape.map((_, axis) => (axis === d ? size : 1))
    if (step === 1) {
      const place = ops.iota([size], 0, "i32")
      const conditions = [
        ...(low > 0 ? [ops.le(ops.full([size], low, "i32"), place)] : []),
        ...(high < size - 1 ? [ops.le(place, high)] : [])
      ]
      return conditions.map((condition) => ops.reshape(condition, along))
    }
    const flags = Uint8Array.from({ length: size }, (_, i) => (i >= low && i <= high && (i - low) % step === 0 ? 1 : 0))
    return [ops.reshape(ops.constant(of(flags, [size], "bool")), along)]
  })
  const [first, ...rest] = masks
  return first === undefined
    ? undefined
    : ops.broadcast(
        rest.reduce((all, mask) => ops.and(all, mask), first),
        shape
      )
}

/** A tensor of the cut's shape in its places, zeros around. */
const spread = (plan: IndexPlan, shape: ReadonlyArray<number>, part: AnyTensor): AnyTensor => {
  const bounds = spans(plan)
  return ops.pad(turned(part, plan.bounds.step), {
    low: bounds.map(([low]) => low),
    high: bounds.map(([, high], d) => (shape[d] ?? 1) - 1 - high),
    interior: plan.bounds.step.map((step) => Math.abs(step) - 1)
  })
}

/** How values are written: in place of what is there, or added to it. */
export type Writing = "set" | "add"

/** Writes a part of the cut's shape into its places. */
const writeCut = (x: AnyTensor, plan: IndexPlan, part: AnyTensor, writing: Writing): AnyTensor => {
  if (plan.cut.includes(0)) return x
  const inside = insideCut(plan, x.shape)
  const placed = inside === undefined ? turned(part, plan.bounds.step) : spread(plan, x.shape, part)
  if (writing === "add") return ops.add(x, placed)
  return inside === undefined ? placed : ops.select(inside, placed, x)
}

/** Writes one number into all places of the cut. */
const fillCut = (x: AnyTensor, plan: IndexPlan, value: number, writing: Writing): AnyTensor => {
  if (plan.cut.includes(0)) return x
  const inside = insideCut(plan, x.shape)
  if (writing === "set") return inside === undefined ? ops.full(x.shape, value, x.dtype) : ops.select(inside, value, x)
  return inside === undefined ? ops.add(x, value) : ops.select(inside, ops.add(x, value), x)
}

/** The tensor with values written where an index reads. */
export const writeIndex = (
  operation: string,
  x: AnyTensor,
  plan: IndexPlan,
  given: AnyTensor | number,
  writing: Writing
): AnyTensor => {
  if (typeof given === "number" && plan.places.length === 0) return fillCut(x, plan, given, writing)
  const value = typeof given === "number" ? ops.full([], given, x.dtype) : given
  const lead = plan.shape.length - value.shape.length
  if (lead < 0 || !sameShape(broadcastOrNone(value.shape, plan.shape), plan.shape))
    throw new ShapeError(`${operation}: ${showShape(value.shape)} does not broadcast to ${showShape(plan.shape)}`)
  const full = ops.reshape(ops.broadcast(value, plan.shape), plan.bare)
  const merged = mergePlaces(plan)
  if (merged === undefined) return writeCut(x, plan, ops.reshape(full, plan.cut), writing)
  if (plan.cut.includes(0)) return x
  const updates = ops.transpose(
    full,
    inversePermutation(movingBlock(full.shape.length, merged.axis, plan.block.length, plan.front))
  )
  const cut = ops.reshape(plan.whole ? x : ops.slice(x, plan.bounds), plan.kept)
  const table = ops.reshape(ops.transpose(cut, merged.order), merged.shape)
  const [written = table] =
    writing === "add"
      ? [ops.scatterAdd(table, merged.indices, updates, merged.axis)]
      : ops.scatter([table, merged.indices, updates], { axis: merged.axis })
  const ordered = merged.order.map((d) => plan.kept[d] ?? 1)
  const part = ops.transpose(ops.reshape(written, ordered), inversePermutation(merged.order))
  return writeCut(x, plan, ops.reshape(part, plan.cut), "set")
}

const broadcastOrNone = (from: ReadonlyArray<number>, to: ReadonlyArray<number>): ReadonlyArray<number> => {
  const lead = to.length - from.length
  return to.map((size, d) => (d < lead || from[d - lead] === 1 ? size : (from[d - lead] ?? size)))
}
