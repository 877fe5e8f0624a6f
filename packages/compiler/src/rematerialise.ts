/**
 * Computing again instead of storing. A value that one kernel writes only so that another can read it, and that costs
 * little to compute from what the other reads anyway, is computed there: the same operations on the same operands give the
 * same bits, and memory is what elementwise code waits for.
 *
 * Derivatives are full of such values: factors that depend on the forward pass alone are computed as soon as they can be,
 * and would cross the whole program.
 */
import { Axes, primitives, rulesOf, sizeOf, Views } from "@cotangent/graph"
import { type Access, valueOf } from "./resolve.ts"
import type { Group, Member, Schedule } from "./schedule.ts"
import { membersIn } from "./space.ts"

/** The most FLOPs per element one operation may cost to be repeated, and a value with all it needs. */
const [operationLimit, valueLimit] = [8, 20]
/** Divisions and roots hold up the processor as long as some other operations: two of them take longer than memory does. */
const slow = 10
/** Kernels stay below this many nodes. */
const groupLimit = 160

interface Underway {
  readonly group: Group
  readonly members: Array<Member>
  readonly dependencies: Set<number>
}

/** What a value is computed from, and by which members of its group. */
interface Cone {
  readonly members: ReadonlyArray<Member>
  /** What has to be loaded. */
  readonly leaves: ReadonlyArray<Access>
}

const hostKinds: ReadonlySet<Group["kind"]> = new Set(["row", "contract", "column"])

/** A schedule in which cheap values are computed where they are needed, unless that reads a parameter that is state. */
export const rematerialise = (schedule: Schedule, isState: (parameter: number) => boolean): Schedule => {
  const { values, groups, groupOf } = schedule
  const { graph } = values
  const parameters = graph.parameters.length
  const results = new Set(graph.results.flatMap((r) => values.access[valueOf(values, r)]?.base ?? []))
  const underway: ReadonlyArray<Underway> = groups.map((group) => ({
    group,
    members: [...group.members],
    dependencies: new Set(group.dependencies)
  }))
  const startOf = (member: Member): number => values.start[member.node] ?? -1
  const definers = new Map<number, Member>()
  for (const { group } of underway)
    for (const member of group.members)
      graph.nodes[member.node]?.outputs.forEach((_, i) => definers.set(startOf(member) + i, member))
  const isReduction = ({ node }: Member): boolean => {
    const primitive = graph.nodes[node]?.primitive
    return primitive !== undefined && rulesOf(primitives[primitive]).lower.tag === "reduce"
  }
  /** The groups that compute or repeat a value, and those that read it without computing it. */
  const definedIn = (at: Underway): ReadonlySet<number> =>
    new Set(at.members.flatMap((m) => (graph.nodes[m.node]?.outputs ?? []).map((_, i) => startOf(m) + i)))
  const readers = new Map<number, Set<number>>()
  const note = (base: number, group: number): void => {
    readers.set(base, (readers.get(base) ?? new Set()).add(group))
  }
  const definedBy = underway.map(definedIn).map((set) => new Set(set))
  underway.forEach(({ group, members }, i) => {
    for (const m of members)
      for (const { base } of m.operands)
        if (definedBy[i]?.has(base) !== true || (group.kind !== "row" && m === members[0])) note(base, group.id)
  })
  const isStored = (base: number): boolean => results.has(base) || (readers.get(base)?.size ?? 0) > 0
  /** Values that exist once per row: to store one more of them costs little. */
  const rowLevel = new Set(
    underway.flatMap(({ group }) =>
      group.members.filter((m) => group.kind === "row" && (m.level === "row" || isReduction(m))).map(startOf)
    )
  )
  const flopsOf = (member: Member): number | undefined => {
    const node = graph.nodes[member.node]
    const lower = node === undefined ? undefined : rulesOf(primitives[node.primitive]).lower
    return lower?.tag === "elementwise" ? lower.flops : undefined
  }

  const isSlow = ({ node }: Member): boolean => {
    const primitive = graph.nodes[node]?.primitive
    return primitive === "div" || primitive === "sqrt"
  }

  const isCheap = (base: number): boolean => {
    const member = definers.get(base)
    return member !== undefined && member.level === "full" && (flopsOf(member) ?? Infinity) <= operationLimit
  }

  /** Walks back from a value of a group to what lies in memory; `undefined` when that costs too much. */
  const coneOf = (owner: Underway, value: number): Cone | undefined => {
    const members = new Set<Member>()
    const leaves = new Map<string, Access>()
    const stack = [value]
    let flops = 0
    for (let base = stack.pop(); base !== undefined; base = stack.pop()) {
      const member = definers.get(base)
      if (member === undefined || members.has(member)) continue
      const own = flopsOf(member) ?? Infinity
      if (base === value && own > operationLimit) return undefined
      flops += own + (isSlow(member) ? slow : 0)
      if (flops > valueLimit) return undefined
      members.add(member)
      for (const access of member.operands) {
        const local = groupOf[access.base] === owner.group.id
        // What is cheap and read at the very element is computed too; what is not is loaded, and stored for it if need be.
        if (local && !isStored(access.base) && !rowLevel.has(access.base) && isCheap(access.base)) {
          if (!isElement(access, owner.group.space)) return undefined
          stack.push(access.base)
        } else leaves.set(`${access.base}:${access.view.offset}:${access.view.strides.join()}`, access)
      }
    }
    return { members: [...members], leaves: [...leaves.values()] }
  }

  const isElement = (access: Access, space: ReadonlyArray<number>): boolean =>
    Axes.sameShape(access.view.shape, space) && Views.isContiguous(access.view)

  /** Whether a group may compute the value itself: it reads it only at the very element, as elementwise code. */
  const canHost = (host: Underway, owner: Underway, value: number): boolean =>
    hostKinds.has(host.group.kind) &&
    host.members.length < groupLimit &&
    (Axes.sameShape(host.group.space, owner.group.space) ||
      (host.group.kind === "row" && sizeOf(host.group.space) === sizeOf(owner.group.space))) &&
    host.members.every((m, i) =>
      m.operands.every(
        (access) =>
          access.base !== value ||
          (access.guarded !== true &&
            m.level === "full" &&
            !(i === 0 && host.group.kind !== "row") &&
            isElement(access, host.group.space))
      )
    )

  /** How much of a whole array reading an access moves: what is repeated along an axis counts less. */
  const weightOf = (access: Access, space: ReadonlyArray<number>): number => {
    const moving = access.view.strides.reduce((n, stride, d) => (stride === 0 ? n : n * (space[d] ?? 1)), 1)
    return moving === 1 ? 0 : moving / Math.max(1, sizeOf(space))
  }

  /** The members of a cone over the space of a host, where a reshape lies between. */
  const membersFor = (host: Underway, owner: Underway, { members }: Cone): ReadonlyArray<Member> | undefined =>
    membersIn(members, owner.group.space, host.group.space)

  /** Loads a host gains by computing the value instead of reading it, one less for the value. */
  const gained = (host: Underway, owner: Underway, { leaves }: Cone): number => {
    const loaded = new Set(host.members.flatMap((m) => m.operands.map((a) => a.base)))
    return leaves.reduce((n, access) => (loaded.has(access.base) ? n : n + weightOf(access, owner.group.space)), -1)
  }

  const move = (hosts: ReadonlyArray<Underway>, owner: Underway, value: number, cone: Cone): void => {
    for (const host of hosts) {
      const members = membersFor(host, owner, cone) ?? []
      const present = new Set(host.members.map(({ node }) => node))
      const defined = definedBy[host.group.id] ?? new Set()
      const [root] = host.group.kind === "row" ? [] : host.members.splice(0, 1)
      for (const member of members) {
        if (present.has(member.node)) continue
        host.members.push(member)
        defined.add(startOf(member))
        for (const { base } of member.operands) {
          const from = groupOf[base]
          if (from !== undefined && from !== host.group.id) host.dependencies.add(from)
        }
      }
      host.members.sort((a, b) => a.node - b.node)
      if (root !== undefined) host.members.unshift(root)
      for (const member of members)
        for (const { base } of member.operands) if (!defined.has(base)) note(base, host.group.id)
      readers.get(value)?.delete(host.group.id)
    }
  }

  /** The members whose values are read by another kernel, are results, or are needed by one of these. */
  const stillUsed = (members: ReadonlyArray<Member>): ReadonlyArray<Member> => {
    const needed = new Set<number>()
    const kept: Array<Member> = []
    for (const member of [...members].reverse()) {
      const outputs = (graph.nodes[member.node]?.outputs ?? []).map((_, i) => startOf(member) + i)
      const own = outputs.some((base) => needed.has(base) || isStored(base))
      // The root of a product or of a reduction stands first, and is what the kernel is for.
      if (!own && (member !== members[0] || flopsOf(member) !== undefined)) continue
      kept.push(member)
      for (const { base } of member.operands) needed.add(base)
    }
    return kept.reverse()
  }

  for (const owner of underway) {
    if (!hostKinds.has(owner.group.kind)) continue
    const candidates = owner.group.members
      .filter((m) => m.level === "full" && flopsOf(m) !== undefined)
      .map(startOf)
      .reverse()
    for (const value of candidates) {
      const reading = readers.get(value)
      if (results.has(value) || reading === undefined || reading.size === 0) continue
      const hosts = [...reading].flatMap((id) => underway[id] ?? [])
      if (!hosts.every((host) => canHost(host, owner, value))) continue
      const cone = coneOf(owner, value)
      if (cone === undefined || cone.leaves.some(({ base }) => base < parameters && isState(base))) continue
      if (hosts.some((host) => membersFor(host, owner, cone) === undefined)) continue
      const stores = cone.leaves.reduce(
        (n, access) =>
          groupOf[access.base] === owner.group.id && !isStored(access.base)
            ? n + weightOf(access, owner.group.space)
            : n,
        -1
      )
      // On a tie the value it comes from is the better one to store: others may come from it too.
      if (hosts.reduce((n, host) => n + gained(host, owner, cone), stores) <= 0) move(hosts, owner, value, cone)
    }
  }
  return {
    ...schedule,
    groups: underway.map(({ group, members, dependencies }) => ({
      ...group,
      members: stillUsed(members),
      dependencies: new Set([...dependencies].filter((d) => d !== group.id))
    }))
  }
}
