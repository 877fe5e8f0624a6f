/** The order kernels run in, and which results may overwrite the parameter they replace. */
import { Axes, sizeOf, Views } from "@cotangent/graph"
import { isSinglePass } from "./lower/row.ts"
import type { Context } from "./lower/fused.ts"
import { type Access, type Values, valueOf } from "./resolve.ts"
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

/** Where each result is written: by its own group, into its final place, or by a copy at the end. */
export type ResultPlan = ReadonlyArray<"direct" | "copy" | "nothing">

/** Whether a group reads parameter `base` only at the element it is about to write. */
const readsInPlace = (group: Group, base: number): boolean =>
  group.members.every((member, i) =>
    member.operands.every(
      (access) =>
        access.base !== base ||
        (member.level === "full" &&
          !(i === 0 && group.kind !== "row") &&
          Axes.sameShape(access.view.shape, group.space) &&
          Views.isContiguous(access.view))
    )
  )

/** Whether an access is the array itself: every element of it, in order. */
const isWhole = (values: Values, { base, view }: Access): boolean =>
  Views.isContiguous(view) && sizeOf(view.shape) === sizeOf(values.avals[base]?.shape ?? [])

/**
 * Decides for every result. `replaces[i]` is the parameter whose memory result i takes over. It can be written directly
 * when its value is computed (not a view or a parameter), nothing else has claimed it, every other reader of the old
 * parameter runs before, and its own group reads the old value only element by element.
 */
export const planResults = (
  context: Context,
  schedule: Schedule,
  order: ReadonlyArray<Group>,
  replaces: ReadonlyArray<number | undefined>
): ResultPlan => {
  const { values } = schedule
  const position = new Map(order.map((group, i) => [group.id, i] as const))
  const readers = new Map<number, Array<Group>>()
  for (const group of order) {
    const bases = new Set(group.members.flatMap((m) => m.operands.map((a) => a.base)))
    for (const base of bases) readers.set(base, [...(readers.get(base) ?? []), group])
  }
  const claimed = new Set<number>()
  return values.graph.results.map((reference, i) => {
    const access = values.access[valueOf(values, reference)]
    const replaced = replaces[i]
    if (access === undefined) return "copy"
    if (replaced !== undefined && access.base === replaced && isWhole(values, access)) return "nothing"
    const groupId = schedule.groupOf[access.base]
    const group = groupId === undefined ? undefined : schedule.groups[groupId]
    if (group === undefined || claimed.has(access.base) || !isWhole(values, access)) return "copy"
    if (replaced !== undefined) {
      const at = position.get(group.id) ?? 0
      const others = (readers.get(replaced) ?? []).filter((g) => g.id !== group.id)
      if (
        others.some((g) => (position.get(g.id) ?? 0) > at) ||
        !readsInPlace(group, replaced) ||
        !isSinglePass(context, group)
      )
        return "copy"
    }
    claimed.add(access.base)
    return "direct"
  })
}
