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

/** What is free, by offset: gaps between buffers, and what lies behind the last. */
const makeSpace = () => {
  const gaps: Array<{ offset: number; end: number }> = [{ offset: 0, end: Infinity }]
  /** The first gap that does not begin before an offset. */
  const after = (offset: number): number => {
    let [low, high] = [0, gaps.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((gaps[middle]?.offset ?? Infinity) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    /** The lowest place for so many bytes. */
    take: (bytes: number): number => {
      const at = gaps.findIndex(({ end, offset }) => end - offset >= bytes)
      const gap = gaps[at]
      if (gap === undefined) throw new RangeError("the space behind the last buffer has no end")
      const { offset } = gap
      gap.offset += bytes
      if (gap.offset === gap.end) gaps.splice(at, 1)
      return offset
    },
    give: (offset: number, end: number): void => {
      const at = after(offset)
      const [before, behind] = [gaps[at - 1], gaps[at]]
      const [joinsBefore, joinsBehind] = [before?.end === offset, behind?.offset === end]
      if (before !== undefined && joinsBefore) {
        before.end = joinsBehind ? (behind?.end ?? end) : end
        if (joinsBehind) gaps.splice(at, 1)
      } else if (behind !== undefined && joinsBehind) behind.offset = offset
      else gaps.splice(at, 0, { offset, end })
    }
  }
}

/**
 * First fit in order of first use: a buffer takes the lowest gap that is free for its whole life. No two buffers that
 * are alive at the same kernel overlap.
 */
export const planMemory = (lifetimes: ReadonlyArray<Lifetime>): MemoryPlan => {
  const offsets = new Map<number, number>()
  const sorted = [...lifetimes].sort((a, b) => a.from - b.from || b.bytes - a.bytes)
  const ending = [...lifetimes].sort((a, b) => a.to - b.to)
  const space = makeSpace()
  let [total, ended] = [0, 0]
  for (const { bytes, from, id } of sorted) {
    for (let life = ending[ended]; life !== undefined && life.to < from; life = ending[++ended]) {
      const offset = offsets.get(life.id)
      if (offset !== undefined && life.bytes > 0) space.give(offset, offset + aligned(life.bytes))
    }
    const offset = bytes === 0 ? 0 : space.take(aligned(bytes))
    offsets.set(id, offset)
    total = Math.max(total, offset + aligned(bytes))
  }
  return { offsets, bytes: total }
}
