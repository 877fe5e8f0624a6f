/**
 * Kernels that read the same arrays become one: what none of them computes for the other, but each would load again. The
 * new parameters and the new moments of Lion share what they read and nothing else; so do the squares of a gradient that
 * are added up and an update that reads it.
 *
 * Two groups become one if an array is read at every element by both, if neither needs the other through a third, if no
 * barrier says otherwise, and if nothing is lost by it: vectors, updates in place, rows that stay in registers.
 */
import { Axes, sizeOf } from "@cotangent/graph"
import { needsScalars } from "./lower/fused.ts"
import type { OpenGroup, OpenGroups } from "./open-groups.ts"
import { type Access, type Values, valueOf } from "./resolve.ts"
import { groupLimit, type Member } from "./group.ts"
import { isDirect, isIdentity, isOneRow, membersIn } from "./space.ts"

/** Arrays that move through a kernel at once: more than the processor follows ahead of time would not arrive sooner. */
const streamLimit = 16
/** How many groups that read one array are tried with the next that does, and how many readers of state are asked. */
const [tried, asked] = [4, 32]

/** What one group is like, looked up again whenever it has grown. */
interface Traits {
  /** How many elements a vector has, `undefined` where elements are computed one by one. */
  readonly lanes: "4 bytes" | "8 bytes" | undefined
  /** Whether some values exist once per row. */
  readonly reduces: boolean
  /** Whether rows are walked again after a reduction. */
  readonly walksAgain: boolean
  /** Whether something is read from behind a barrier: it is computed late on purpose. */
  readonly guarded: boolean
  /** What is read from memory at every element, and what is read otherwise. */
  readonly whole: ReadonlySet<number>
  readonly otherwise: ReadonlySet<number>
  readonly outputs: ReadonlyArray<number>
}

/** Joins the groups of a finished schedule that read the same arrays; `replaces[i]` is the parameter that result i overwrites. */
export const joinSiblings = (values: Values, open: OpenGroups, replaces: ReadonlyArray<number | undefined>): void => {
  const { graph } = values
  const { current, dependsOn, groupOf, groups, levelOf } = open
  const outputsOf = ({ node }: Member): ReadonlyArray<number> =>
    (graph.nodes[node]?.outputs ?? []).map((_, output) => (values.start[node] ?? 0) + output)
  const results = new Set(graph.results.map((reference) => values.access[valueOf(values, reference)]?.base ?? -1))
  /** The parameter that a value overwrites, and the value that overwrites a parameter. */
  const [overwritten, writers] = [new Map<number, number>(), new Map<number, number>()]
  graph.results.forEach((reference, i) => {
    const [base, parameter] = [values.access[valueOf(values, reference)]?.base, replaces[i]]
    if (base === undefined || parameter === undefined || base === parameter) return
    overwritten.set(base, parameter)
    writers.set(parameter, base)
  })
  const readers = new Map<number, Set<number>>()
  for (const { id, members } of groups)
    if (current(id) === id)
      for (const { operands } of members)
        for (const { base } of operands) readers.set(base, (readers.get(base) ?? new Set()).add(id))
  const readersOf = (base: number): ReadonlySet<number> => new Set([...(readers.get(base) ?? [])].map(current))

  const lanesOf = (all: ReadonlyArray<Member>): Traits["lanes"] => {
    const members = all.filter(({ level }) => level === "full")
    if (members.some((m) => needsScalars(values, m))) return undefined
    const dtypes = new Set(
      members
        .flatMap((m) => [...outputsOf(m), ...m.operands.map(({ base }) => base)])
        .map((base) => values.avals[base]?.dtype ?? "f32")
    )
    return !dtypes.has("f64") ? "4 bytes" : dtypes.size === 1 ? "8 bytes" : undefined
  }
  const known = new Map<OpenGroup, Traits>()
  const traitsOf = (group: OpenGroup): Traits => {
    const before = known.get(group)
    if (before !== undefined) return before
    const { id, members, space } = group
    const [whole, otherwise] = [new Set<number>(), new Set<number>()]
    for (const { level, operands } of members)
      for (const { base, view } of operands)
        if (groupOf[base] !== id) (level === "full" && isIdentity(view, space) ? whole : otherwise).add(base)
    const isRow = ({ base }: Access): boolean => groupOf[base] === id && levelOf.get(base) === "row"
    const traits: Traits = {
      lanes: lanesOf(members),
      reduces: members.some((m) => outputsOf(m).some((base) => levelOf.get(base) === "row")),
      walksAgain: members.some(({ level, operands }) => level === "full" && operands.some(isRow)),
      guarded: members.some(({ operands }) => operands.some((access) => access.guarded === true)),
      whole,
      otherwise,
      outputs: members.flatMap(outputsOf)
    }
    known.set(group, traits)
    return traits
  }

  /** Members of two groups over the space of the one that cannot be seen over another, or `undefined`. */
  const overOneSpace = (a: OpenGroup, b: OpenGroup) => {
    const spaces = Axes.sameShape(a.space, b.space) ? [a.space] : [a.space, b.space]
    for (const space of spaces) {
      const [x, y] = [a, b].map((group) =>
        Axes.sameShape(group.space, space) || !traitsOf(group).reduces
          ? membersIn(group.members, group.space, space)
          : undefined
      )
      if (x !== undefined && y !== undefined) return { space, members: [x, y] as const }
    }
    return undefined
  }

  const isApart = (a: OpenGroup, b: OpenGroup): boolean =>
    [...a.dependencies].map(current).every((d) => d === a.id || d === b.id || !dependsOn(d, b.id))

  /** Whether what one group reads of another can be read inside one kernel, without another walk over the rows. */
  const readsDirectly = (members: ReadonlyArray<Member>, from: OpenGroup, space: ReadonlyArray<number>): boolean =>
    members.every(({ level, node, operands }) =>
      operands.every((access) => {
        if (groupOf[access.base] !== from.id) return true
        const shape = level === "full" ? space : (graph.nodes[node]?.outputs[0]?.shape ?? [])
        return levelOf.get(access.base) === level && isDirect(space, { shape, level }, access, level)
      })
    )

  /**
   * Whether state that is written where it stands still is: read at the very element by the kernel that writes it, and by
   * no other that would come later than it does now.
   */
  const keepsState = (a: OpenGroup, b: OpenGroup): boolean => {
    const [x, y] = [traitsOf(a), traitsOf(b)]
    const written = [...x.outputs, ...y.outputs].flatMap((base) => overwritten.get(base) ?? [])
    if (written.length > 0 && (x.walksAgain || y.walksAgain)) return false
    for (const parameter of written) {
      if (x.otherwise.has(parameter) || y.otherwise.has(parameter)) return false
      const others = [...readersOf(parameter)].filter((id) => id !== a.id && id !== b.id)
      if (others.length > asked || others.some((id) => dependsOn(id, a.id) || dependsOn(id, b.id))) return false
    }
    for (const read of [x.whole, x.otherwise, y.whole, y.otherwise])
      for (const base of read) {
        const writer = groupOf[writers.get(base) ?? -1]
        if (writer === undefined || writer === a.id || writer === b.id) continue
        if (dependsOn(a.id, writer) || dependsOn(b.id, writer)) return false
      }
    return true
  }

  /** The arrays that move through both at once: what is read, and what is a result or read elsewhere. */
  const streamsOf = (a: OpenGroup, b: OpenGroup): number => {
    const [x, y] = [traitsOf(a), traitsOf(b)]
    const stored = [...x.outputs, ...y.outputs].filter(
      (base) => results.has(base) || [...readersOf(base)].some((id) => id !== a.id && id !== b.id)
    )
    return new Set([...x.whole, ...y.whole, ...stored]).size
  }

  const join = (a: OpenGroup, b: OpenGroup): boolean => {
    if (sizeOf(a.space) !== sizeOf(b.space) || a.members.length + b.members.length > groupLimit) return false
    const [x, y] = [traitsOf(a), traitsOf(b)]
    if (x.lanes === undefined || x.lanes !== y.lanes || x.guarded || y.guarded) return false
    const one = overOneSpace(a, b)
    if (one === undefined) return false
    // Elementwise code takes no notice of rows: it would be cut into them.
    if (x.reduces !== y.reduces && !isOneRow(one.space)) return false
    if (x.walksAgain !== y.walksAgain || streamsOf(a, b) > streamLimit) return false
    const [first, second] = one.members
    if (!readsDirectly(first, b, one.space) || !readsDirectly(second, a, one.space)) return false
    if (!isApart(a, b) || !isApart(b, a) || !keepsState(a, b)) return false
    a.space = one.space
    a.members = [...first]
    b.members = [...second]
    open.absorb(a, b)
    known.delete(a)
    return true
  }

  /** The groups that read an array at every element, by array, in order. */
  const sharing = new Map<number, Array<OpenGroup>>()
  for (const group of groups) {
    if (group.kind !== "row" || current(group.id) !== group.id || sizeOf(group.space) <= 1) continue
    for (const base of traitsOf(group).whole) {
      if (graph.nodes[values.owner[base] ?? -1]?.primitive === "iota") continue
      const sharers = sharing.get(base) ?? []
      sharers.push(group)
      sharing.set(base, sharers)
    }
  }
  for (const sharers of sharing.values()) {
    let last: ReadonlyArray<OpenGroup> = []
    for (const { id } of sharers) {
      const group = groups[current(id)]
      if (group === undefined || last.includes(group)) continue
      if (!last.some((other) => current(other.id) === other.id && join(other, group)))
        last = [...last.slice(1 - tried), group]
    }
  }
}
