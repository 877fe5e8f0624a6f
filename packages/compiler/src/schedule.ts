/**
 * Scheduling: which nodes are computed by one kernel. A group is a set of nodes over one index space; whatever is used
 * inside its group only never reaches memory.
 *
 * Nodes are visited inputs first. A node joins the latest group among its producers whose index space it shares, if every
 * operand from that group is read at the very element being computed, and if joining makes no cycle; otherwise it
 * starts a group. Groups that a node could join equally well become one, and in the end those that read the same arrays
 * (`siblings.ts`). Views belong to no group: they are folded into the index expressions of their readers.
 */
import { Axes, type Graph, primitives, rulesOf, sizeOf } from "@cotangent/graph"
import { groupLimit, type Group, type GroupKind, type Level, type Schedule } from "./group.ts"
import { type OpenGroup, type OpenGroups, openGroups } from "./open-groups.ts"
import { type Access, type Values, valueOf } from "./resolve.ts"
import { joinSiblings } from "./siblings.ts"
import { isDirect, membersIn, rowShapes, splitAll } from "./space.ts"

export type { Group, GroupKind, Level, Member, Schedule } from "./group.ts"

const isLastAxes = (rank: number, axes: ReadonlyArray<number>): boolean => axes.length === 1 && axes[0] === rank - 1

/** What a node reads, over the shape it is computed over. */
interface Seen {
  readonly shape: ReadonlyArray<number>
  readonly operands: ReadonlyArray<Access>
}

/**
 * A node's shape and operands in the index space of a group, where a reshape stands between them: the same elements in the
 * same order under other sizes, if the views of all operands can be split that way. As they are otherwise.
 */
const seenIn = ({ space }: OpenGroup, { operands, shape }: Seen): Seen => {
  if (Axes.sameShape(shape, space) || sizeOf(shape) !== sizeOf(space)) return { shape, operands }
  const split = splitAll(operands, shape, space)
  return split === undefined ? { shape, operands } : { shape: space, operands: split }
}

const kindOf = (values: Values, node: Graph.GraphNode): GroupKind => {
  const { lower } = rulesOf(primitives[node.primitive])
  if (lower.tag === "structure") {
    return lower.form === "dot" || lower.form === "conv" ? "contract" : lower.form
  }
  if (lower.tag === "kernel" || lower.tag === "control") return lower.tag
  const axes = node.attributes["axes"]
  if (lower.tag !== "reduce" || !Array.isArray(axes)) return "row"
  const [input] = node.inputs
  const rank = input === undefined ? 0 : (values.avals[valueOf(values, input)]?.shape.length ?? 0)
  return isLastAxes(rank, axes) ? "row" : "column"
}

/** Groups the nodes of a resolved graph; `replaces[i]` is the parameter whose memory result i takes over, if any. */
export const schedule = (values: Values, replaces: ReadonlyArray<number | undefined> = []): Schedule => {
  const { graph } = values
  const open = openGroups(values)
  const { groups, groupOf, levelOf } = open

  /** The level at which a node of this shape may stand in a group, if its operands allow it. */
  const fits = (
    group: Pick<OpenGroup, "id" | "kind" | "members" | "space">,
    { operands, shape }: Seen,
    reduces: boolean
  ): Level | undefined => {
    if (group.members.length >= groupLimit) return undefined
    if (reduces ? group.kind !== "row" : !["row", "contract", "column"].includes(group.kind)) return undefined
    const inside = (access: Access) => groupOf[access.base] === group.id
    const level: Level | undefined = Axes.sameShape(shape, group.space)
      ? "full"
      : group.kind === "row" && rowShapes(group.space).some((s) => Axes.sameShape(s, shape))
        ? "row"
        : undefined
    if (level === undefined) return undefined
    for (const access of operands)
      if (inside(access) && !isDirect(group.space, { shape, level }, access, levelOf.get(access.base))) return undefined
    const outer = operands.flatMap((access) =>
      inside(access) || groupOf[access.base] === undefined ? [] : [groupOf[access.base] ?? -1]
    )
    return outer.some((id) => open.dependsOn(id, group.id)) ? undefined : level
  }

  /**
   * Lets a reduction over a reshaped value join the group that computes it: the whole group over the shape of the
   * reduction, if all it computes stands at every element and everything it reads can be split that way.
   */
  const reshapedFor = (group: OpenGroup, { operands, shape }: Seen): boolean => {
    if (group.kind !== "row" || Axes.sameShape(group.space, shape)) return false
    if (group.members.some(({ node }) => levelOf.get(values.start[node] ?? -1) !== "full")) return false
    const members = membersIn(group.members, group.space, shape)
    if (members === undefined || fits({ ...group, space: shape }, { shape, operands }, true) !== "full") return false
    group.members = [...members]
    group.space = shape
    return true
  }

  /**
   * Makes one group of two independent ones over the same space that a node is about to join; gives the first back when
   * they cannot be one: two roots, or reductions beside a root.
   */
  const merge = (a: OpenGroup, b: OpenGroup): OpenGroup => {
    const [into, from] = a.kind === "row" && b.kind !== "row" ? [b, a] : [a, b]
    const reduced = from.members.some(
      (m) => (values.start[m.node] ?? -1) >= 0 && levelOf.get(values.start[m.node] ?? -1) === "row"
    )
    if (from.kind !== "row" || (into.kind !== "row" && reduced)) return a
    if (!Axes.sameShape(a.space, b.space) || a.members.length + b.members.length >= groupLimit) return a
    open.absorb(into, from)
    return into
  }

  graph.nodes.forEach((node, i) => {
    const { lower } = rulesOf(primitives[node.primitive])
    if (lower.tag === "source" || (lower.tag === "view" && !values.copies.has(i))) return
    const operands = node.inputs.flatMap((input) => values.access[valueOf(values, input)] ?? [])
    const kind = kindOf(values, node)
    const reduces = lower.tag === "reduce" && kind === "row"
    const shape = (lower.tag === "view" || reduces ? operands[0]?.view.shape : node.outputs[0]?.shape) ?? []
    const alone = kind !== "row"
    if (!alone && lower.tag !== "view") {
      const candidates = [...new Set(operands.flatMap(({ base }) => groupOf[base] ?? []))].sort((a, b) => b - a)
      for (const id of candidates) {
        const group = groups[id]
        if (group === undefined) continue
        if (reduces) reshapedFor(group, { shape, operands })
        const seen = reduces ? { shape, operands } : seenIn(group, { shape, operands })
        const level = fits(group, seen, reduces)
        if (level === undefined || (reduces && level !== "full")) continue
        const others =
          level === "full" ? candidates.flatMap((other) => (other === id ? [] : (groups[other] ?? []))) : []
        open.join(
          others.reduce((into, other) => (fits(other, seen, reduces) === "full" ? merge(into, other) : into), group),
          { node: i, level, operands: seen.operands },
          reduces ? "row" : level
        )
        return
      }
    }
    const space = kind === "column" || kind === "contract" ? (node.outputs[0]?.shape ?? []) : shape
    open.join(open.open(kind, space), { node: i, level: "full", operands }, reduces ? "row" : "full")
  })
  joinSiblings(values, open, replaces)
  return renumber(values, open)
}

/** The groups that are left, numbered without gaps. */
const renumber = (values: Values, { current, groupOf, groups }: OpenGroups): Schedule => {
  const numbers = new Map<number, number>()
  for (const { id } of groups) if (current(id) === id) numbers.set(id, numbers.size)
  const numberOf = (id: number): number => numbers.get(current(id)) ?? -1
  return {
    values,
    groups: groups.flatMap((group) => {
      const id = numbers.get(group.id)
      if (id === undefined) return []
      const dependencies = new Set([...group.dependencies].map(numberOf).filter((d) => d !== id))
      return [{ id, kind: group.kind, space: group.space, members: group.members, dependencies }]
    }),
    groupOf: groupOf.map((id) => (id === undefined ? undefined : numberOf(id)))
  }
}

/** FLOPs of a group, counted as its members are: a product counts 2 per term, everything else what its primitive says per element. */
export const flopsOf = ({ values }: Schedule, group: Group): number =>
  group.members.reduce((sum, { node, level, operands }) => {
    const graphNode = values.graph.nodes[node]
    if (graphNode === undefined) return sum
    const { lower } = rulesOf(primitives[graphNode.primitive])
    const elements = sizeOf(level === "full" ? group.space : group.space.slice(0, -1))
    if (lower.tag === "elementwise") return sum + elements * lower.flops
    if (lower.tag === "reduce") return sum + sizeOf(operands[0]?.view.shape ?? [])
    if (lower.tag === "kernel") {
      const inputs = graphNode.inputs.flatMap((input) => values.avals[valueOf(values, input)] ?? [])
      return sum + lower.flops(inputs, graphNode.attributes)
    }
    if (graphNode.primitive === "dot") {
      const contract = graphNode.attributes["contract"]
      const axes: unknown = Array.isArray(contract) ? contract[0] : []
      const k = Array.isArray(axes)
        ? axes.reduce((n: number, d: unknown) => n * (operands[0]?.view.shape[Number(d)] ?? 1), 1)
        : 1
      return sum + 2 * sizeOf(group.space) * k
    }
    if (graphNode.primitive === "conv") {
      const kernel = operands[1]?.view.shape ?? []
      return sum + 2 * sizeOf(group.space) * sizeOf(kernel.slice(0, -1))
    }
    return sum
  }, 0)
