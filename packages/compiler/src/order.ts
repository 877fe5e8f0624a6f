/** The order kernels run in. */
import type { Group, Schedule } from "./schedule.ts"

/**
 * Groups sorted so that producers come first; among those that are ready, the one built first, but groups that write new
 * state wait until nothing else is ready, so that everything that reads the old state has run.
 */
export const orderGroups = (schedule: Schedule, isWriter: (group: Group) => boolean): ReadonlyArray<Group> => {
  const { groups } = schedule
  const waiting = groups.map((g) => g.dependencies.size)
  const users = groups.map(() => new Array<number>())
  for (const group of groups) for (const d of group.dependencies) users[d]?.push(group.id)
  const ready = [makeHeap(), makeHeap()] as const
  const offer = (group: Group): void => ready[isWriter(group) ? 1 : 0].push(group.id)
  groups.forEach((group, i) => {
    if (waiting[i] === 0) offer(group)
  })
  const order: Array<Group> = []
  for (let id = ready[0].pop() ?? ready[1].pop(); id !== undefined; id = ready[0].pop() ?? ready[1].pop()) {
    const group = groups[id]
    if (group === undefined) continue
    order.push(group)
    for (const user of users[id] ?? []) {
      const left = (waiting[user] ?? 0) - 1
      waiting[user] = left
      const next = groups[user]
      if (left === 0 && next !== undefined) offer(next)
    }
  }
  if (order.length !== groups.length) throw new RangeError("the schedule has a cycle")
  return order
}

/** A heap of numbers, smallest first. */
const makeHeap = () => {
  const items: Array<number> = []
  const at = (i: number): number => items[i] ?? Infinity
  const swap = (i: number, j: number): void => {
    const x = at(i)
    items[i] = at(j)
    items[j] = x
  }
  return {
    push: (x: number): void => {
      let i = items.push(x) - 1
      while (i > 0 && at(i) < at((i - 1) >> 1)) {
        swap(i, (i - 1) >> 1)
        i = (i - 1) >> 1
      }
    },
    pop: (): number | undefined => {
      const [top] = items
      const last = items.pop()
      if (last !== undefined && items.length > 0) {
        items[0] = last
        for (let i = 0; ;) {
          const child = at(2 * i + 1) <= at(2 * i + 2) ? 2 * i + 1 : 2 * i + 2
          if (at(child) >= at(i)) break
          swap(i, child)
          i = child
        }
      }
      return top
    }
  }
}
