/**
 * Slots: how tensors of ours and of another framework correspond. One table of slots serves both directions.
 *
 * Our tensors are joined (side by side on the last axis, or stacked), their gates brought into the other order, their axes
 * permuted, and the result cut to the other shape; the other way round in reverse.
 */
import { sizeOf } from "@cotangent/graph"

/** How some tensors of a layer correspond to one of another framework. */
export interface Slot {
  /** Our leaves, by their paths in the layer; several are joined. */
  readonly ours: ReadonlyArray<string>
  /** How several are joined: side by side on their last axis, or as rows of one more axis. Side by side unless given. */
  readonly joined?: "last" | "stacked"
  /** The order of gates on the last axis: our gate i is their gate `gates[i]`. */
  readonly gates?: ReadonlyArray<number>
  /** Their axis i is our axis `axes[i]`. */
  readonly axes?: ReadonlyArray<number>
  /** Their shape, where it is another than that after permuting: as many elements in the same order. */
  readonly shape?: (permuted: Sizes) => Sizes
  /** Whether they may have any shape of as many elements in the same order. */
  readonly anyShape?: boolean
  /** Their tensor. Of several the sum is ours; the first gets ours whole, the others get zeros. */
  readonly theirs: ReadonlyArray<string>
}

export type Sizes = ReadonlyArray<number>

/** Elements with their shape. */
export interface Block {
  readonly shape: Sizes
  readonly data: Float32Array
}

const stridesOf = (shape: Sizes): Sizes => shape.map((_, i) => sizeOf(shape.slice(i + 1)))

/** The block with axis i from axis `axes[i]`. */
export const permute = ({ shape, data }: Block, axes: Sizes): Block => {
  const strides = stridesOf(shape)
  const permuted = axes.map((axis) => shape[axis] ?? 1)
  const steps = axes.map((axis) => strides[axis] ?? 0)
  const out = new Float32Array(data.length)
  const index = permuted.map(() => 0)
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from] ?? 0
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const [size = 1, step = 0, at = 0] = [permuted[axis], steps[axis], index[axis]]
      from += step
      index[axis] = at + 1
      if (at + 1 < size) break
      from -= step * size
      index[axis] = 0
    }
  }
  return { shape: permuted, data: out }
}

/** The permutation that undoes one. */
export const inverse = (axes: Sizes): Sizes => axes.map((_, i) => axes.indexOf(i))

/** The block with part i of its last axis from part `order[i]`. */
const reorder = ({ shape, data }: Block, order: Sizes): Block => {
  const columns = shape.at(-1) ?? 1
  const part = columns / order.length
  const out = new Float32Array(data.length)
  for (let row = 0; row < data.length; row += columns)
    order.forEach((from, to) => out.set(data.subarray(row + from * part, row + (from + 1) * part), row + to * part))
  return { shape, data: out }
}

/** The shape of our leaves when joined. */
export const joinedShape = (leaves: ReadonlyArray<Sizes>, { joined }: Slot): Sizes => {
  const [first = []] = leaves
  if (leaves.length === 1) return first
  if (joined === "stacked") return [leaves.length, ...first]
  return [...first.slice(0, -1), leaves.reduce((sum, shape) => sum + (shape.at(-1) ?? 1), 0)]
}

/** The shape that they need for our leaves. */
export const theirShape = (leaves: ReadonlyArray<Sizes>, slot: Slot): Sizes => {
  const joined = joinedShape(leaves, slot)
  const permuted = slot.axes === undefined ? joined : slot.axes.map((axis) => joined[axis] ?? 1)
  return slot.shape === undefined ? permuted : slot.shape(permuted)
}

/** Cuts a joined block into our leaves. */
const cut = ({ data }: Block, leaves: ReadonlyArray<Sizes>, { joined }: Slot): ReadonlyArray<Float32Array> => {
  if (leaves.length === 1) return [data]
  const lengths = leaves.map((shape) => (joined === "stacked" ? sizeOf(shape) : (shape.at(-1) ?? 1)))
  const total = lengths.reduce((sum, n) => sum + n, 0)
  let start = 0
  return lengths.map((length) => {
    const from = start
    start += length
    const out = new Float32Array((data.length / total) * length)
    for (let row = 0; row * total < data.length; row++)
      out.set(data.subarray(row * total + from, row * total + from + length), row * length)
    return out
  })
}

const join = (parts: ReadonlyArray<Block>, slot: Slot): Block => {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const shape = joinedShape(
    parts.map((part) => part.shape),
    slot
  )
  const data = new Float32Array(sizeOf(shape))
  const lengths = parts.map((part) => (slot.joined === "stacked" ? part.data.length : (part.shape.at(-1) ?? 1)))
  const total = lengths.reduce((sum, n) => sum + n, 0)
  let start = 0
  parts.forEach((part, i) => {
    const length = lengths[i] ?? 0
    for (let row = 0; row * length < part.data.length; row++)
      data.set(part.data.subarray(row * length, (row + 1) * length), row * total + start)
    start += length
  })
  return { shape, data }
}

const sum = (parts: ReadonlyArray<Float32Array>): Float32Array => {
  const [first = new Float32Array(0), ...others] = parts
  return others.length === 0
    ? first
    : first.map((x, i) => others.reduce((total, part) => Math.fround(total + (part[i] ?? 0)), x))
}

/** Our leaves from their tensors, whose shapes were checked. */
export const toOurs = (
  slot: Slot,
  leaves: ReadonlyArray<Sizes>,
  theirs: ReadonlyArray<Float32Array>
): ReadonlyArray<Float32Array> => {
  const joined = joinedShape(leaves, slot)
  const permuted = slot.axes === undefined ? joined : slot.axes.map((axis) => joined[axis] ?? 1)
  const block: Block = { shape: permuted, data: sum(theirs) }
  const turned = slot.axes === undefined ? block : permute(block, inverse(slot.axes))
  return cut(slot.gates === undefined ? turned : reorder(turned, slot.gates), leaves, slot)
}

/** Their tensors from our leaves. */
export const toTheirs = (slot: Slot, ours: ReadonlyArray<Block>): ReadonlyArray<Block> => {
  const joined = join(ours, slot)
  const ordered = slot.gates === undefined ? joined : reorder(joined, inverse(slot.gates))
  const { data } = slot.axes === undefined ? ordered : permute(ordered, slot.axes)
  const shape = theirShape(
    ours.map((block) => block.shape),
    slot
  )
  return slot.theirs.map((_, i) => ({ shape, data: i === 0 ? data.slice() : new Float32Array(data.length) }))
}
