/** Groups while a schedule is made: nodes join them, and some become one. */
import type { Values } from "./resolve.ts"
import type { GroupKind, Level, Member } from "./group.ts"

/** A group that may still grow. */
export interface OpenGroup {
  readonly id: number
  readonly kind: GroupKind
  space: ReadonlyArray<number>
  members: Array<Member>
  readonly dependencies: Set<number>
  /** Groups that read what this one computes. */
  readonly users: Set<number>
}

/** All of them. */
export interface OpenGroups {
  readonly groups: ReadonlyArray<OpenGroup>
  /** The group of each value; `undefined` for parameters, constants, iota and views. */
  readonly groupOf: ReadonlyArray<number | undefined>
  /** Where each computed value stands in its group: a reduction at every row, whatever it reads. */
  readonly levelOf: ReadonlyMap<number, Level>
  /** The group that a group has become a part of; itself if it has not. */
  readonly current: (id: number) => number
  readonly open: (kind: GroupKind, space: ReadonlyArray<number>) => OpenGroup
  /** Adds a node, whose values stand at a level that differs from its own for reductions. */
  readonly join: (group: OpenGroup, member: Member, resultLevel: Level) => void
  /** Makes one group a part of another over the same space; the root of a product stays first. */
  readonly absorb: (into: OpenGroup, from: OpenGroup) => void
  /** Whether a group needs another, at whatever distance. */
  readonly dependsOn: (from: number, target: number) => boolean
}

/** How far a search for cycles goes before the answer is taken to be yes. */
const searchLimit = 128

/** No groups yet. */
export const openGroups = (values: Values): OpenGroups => {
  const groups: Array<OpenGroup> = []
  const mergedInto: Array<number> = []
  const groupOf = new Array<number | undefined>(values.avals.length).fill(undefined)
  const levelOf = new Map<number, Level>()

  const current = (id: number): number => {
    let at = id
    while (mergedInto[at] !== at) at = mergedInto[at] ?? at
    return at
  }

  /** Walks from a group along edges, one group per call: whether the goal was met, `undefined` while there is more to see. */
  const walk = (from: number, goal: number, edges: (group: OpenGroup) => ReadonlySet<number>) => {
    const seen = new Set<number>([from])
    const stack = [from]
    return (): boolean | undefined => {
      const id = stack.pop()
      const group = id === undefined ? undefined : groups[id]
      if (group === undefined || id === goal) return id === goal
      for (const edge of edges(group)) {
        const next = current(edge)
        if (!seen.has(next)) {
          seen.add(next)
          stack.push(next)
        }
      }
      return undefined
    }
  }

  const outputsOf = ({ node }: Member): ReadonlyArray<number> =>
    (values.graph.nodes[node]?.outputs ?? []).map((_, output) => (values.start[node] ?? 0) + output)

  return {
    groups,
    groupOf,
    levelOf,
    current,
    open: (kind, space) => {
      const group = {
        id: groups.length,
        kind,
        space,
        members: [],
        dependencies: new Set<number>(),
        users: new Set<number>()
      }
      mergedInto.push(groups.length)
      groups.push(group)
      return group
    },
    join: (group, member, resultLevel) => {
      group.members.push(member)
      for (const { base } of member.operands) {
        const from = groupOf[base]
        if (from === undefined || from === group.id) continue
        group.dependencies.add(from)
        groups[from]?.users.add(group.id)
      }
      for (const base of outputsOf(member)) {
        groupOf[base] = group.id
        levelOf.set(base, resultLevel)
      }
    },
    absorb: (into, from) => {
      const root = into.kind === "row" ? [] : into.members.slice(0, 1)
      const others = [...into.members.slice(root.length), ...from.members].sort((x, y) => x.node - y.node)
      into.members = [...root, ...others]
      for (const d of from.dependencies) into.dependencies.add(d)
      for (const user of from.users) into.users.add(user)
      for (const member of from.members) for (const base of outputsOf(member)) groupOf[base] = into.id
      mergedInto[from.id] = into.id
    },
    /** Searched from both ends: one is old with much behind it, the other mostly new with little that needs it. */
    dependsOn: (from, target) => {
      const ends = [walk(from, target, (g) => g.dependencies), walk(target, from, (g) => g.users)]
      for (let step = 0; step < searchLimit; step++) {
        for (const end of ends) {
          const found = end()
          if (found !== undefined) return found
        }
      }
      return true
    }
  }
}
