/** The memory plan: where in the scratch segment every intermediate lies, reused as soon as it has been read for the last time. */

/** A buffer that lives from kernel `from` to kernel `to`, both included. */
export interface Lifetime {
  readonly id: number
  readonly bytes: number
  readonly from: number
  readonly to: number
}

/** Offsets of buffers in a segment, and the segment's size. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<number, number>
  readonly bytes: number
}

const alignment = 64
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment

/**
 * First fit in order of first use: a buffer takes the lowest gap that is free for its whole life. No two buffers that
 * are alive at the same kernel overlap.
 */
export const planMemory = (lifetimes: ReadonlyArray<Lifetime>): MemoryPlan => {
  const offsets = new Map<number, number>()
  const sorted = [...lifetimes].sort((a, b) => a.from - b.from || b.bytes - a.bytes)
  // Alive blocks by offset; blocks whose life has ended leave as the walk passes them.
  let alive: Array<{ readonly offset: number; readonly end: number; readonly to: number }> = []
  let total = 0
  for (const { id, bytes, from, to } of sorted) {
    alive = alive.filter((block) => block.to >= from)
    let offset = 0
    let place = 0
    for (; place < alive.length; place++) {
      const block = alive[place]
      if (block !== undefined && offset + bytes <= block.offset) break
      offset = Math.max(offset, block?.end ?? 0)
    }
    const end = offset + aligned(bytes)
    offsets.set(id, offset)
    alive.splice(place, 0, { offset, end, to })
    total = Math.max(total, end)
  }
  return { offsets, bytes: total }
}
