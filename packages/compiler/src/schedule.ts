/**
 * Scheduling: which nodes are computed by one kernel. A group is a set of nodes over one index space; whatever is used
 * inside its group only never reaches memory.
 *
 * Nodes are visited inputs first. A node joins the latest group among its producers whose index space it shares, if every
 * operand from that group is read at the very element being computed, and if joining makes no cycle; otherwise it
 * starts a group. Groups that a node could join equally well become one. Views belong to no group: they are folded into
 * the index expressions of their readers.
 */
import { Axes, type Graph, primitives, rulesOf, sizeOf, type View, Views } from "@cotangent/graph"
import { type Access, type Values, valueOf } from "./resolve.ts"

/** What leads a group: loops over elements and rows, a product, a reduction over leading axes, or a form of its own. */
export type GroupKind =
  | "row"
  | "contract"
  | "column"
  | "kernel"
  | "control"
  | "gather"
  | "scatter"
  | "scatterAdd"
  | "pad"
  | "concat"
  | "argmax"

/** Where a node stands in its group: at every element, or once per row (after reductions over the last axis). */
export type Level = "full" | "row"

/** One node of a group, with what its operands read. */
export interface Member {
  readonly node: number
  readonly level: Level
  readonly operands: ReadonlyArray<Access>
}

/** The nodes one kernel computes, in order. */
export interface Group {
  readonly id: number
  readonly kind: GroupKind
  /** The index space: the shape of what its full-level nodes compute. */
  readonly space: ReadonlyArray<number>
  readonly members: ReadonlyArray<Member>
  /** Groups that compute what this one reads. */
  readonly dependencies: ReadonlySet<number>
}

/** All groups, and which group computes each value. */
export interface Schedule {
  readonly values: Values
  readonly groups: ReadonlyArray<Group>
  /** The group of each value; `undefined` for parameters, constants, iota and views. */
  readonly groupOf: ReadonlyArray<number | undefined>
}

interface OpenGroup {
  readonly id: number
  readonly kind: GroupKind
  readonly space: ReadonlyArray<number>
  readonly members: Array<Member>
  readonly dependencies: Set<number>
  /** Groups that read what this one computes. */
  readonly users: Set<number>
}

/** Kernels stay below this many nodes: compile time and registers. */
const groupLimit = 200
/** How far a search for cycles goes before the answer is taken to be yes. */
const searchLimit = 128

const isLastAxes = (rank: number, axes: ReadonlyArray<number>): boolean => axes.length === 1 && axes[0] === rank - 1

/** Whether a view over a shape visits an array of `target` shape in row-major order, one to one. */
const isIdentity = (view: View, target: ReadonlyArray<number>): boolean =>
  Axes.sameShape(view.shape, target) && Views.isContiguous(view)

/** Whether a view over `space` reads element r of a row-level value (row-major over all but the last axis) for every element of row r. */
const isRowOf = (view: View, space: ReadonlyArray<number>): boolean => {
  const strides = Views.rowMajor(space.slice(0, -1))
  return (
    Axes.sameShape(view.shape, space) &&
    view.offset === 0 &&
    space.every((size, d) => size === 1 || view.strides[d] === (d === space.length - 1 ? 0 : strides[d]))
  )
}

/**
 * A node's shape and operands in the index space of a group, where a reshape stands between them: the same elements in the
 * same order under other sizes, if the views of all operands can be split that way. As they are otherwise.
 */
const seenIn = (
  { space }: OpenGroup,
  shape: ReadonlyArray<number>,
  operands: ReadonlyArray<Access>
): { readonly shape: ReadonlyArray<number>; readonly operands: ReadonlyArray<Access> } => {
  if (Axes.sameShape(shape, space) || sizeOf(shape) !== sizeOf(space)) return { shape, operands }
  const split = operands.flatMap(({ base, view }) => {
    const same = Axes.sameShape(view.shape, shape) ? Views.reshapeView(view, space) : undefined
    return same === undefined ? [] : [{ base, view: same }]
  })
  return split.length === operands.length ? { shape: space, operands: split } : { shape, operands }
}

const rowShapes = (space: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  space.length === 0 ? [] : [space.slice(0, -1), [...space.slice(0, -1), 1]]

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

/** Groups the nodes of a resolved graph. */
export const schedule = (values: Values): Schedule => {
  const { graph } = values
  const groups: Array<OpenGroup> = []
  /** Where a group that was merged into another went. */
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

  /** Searched from both ends: one is old with much behind it, the other mostly new with little that needs it. */
  const dependsOn = (from: number, target: number): boolean => {
    const ends = [walk(from, target, (g) => g.dependencies), walk(target, from, (g) => g.users)]
    for (let step = 0; step < searchLimit; step++) {
      for (const end of ends) {
        const found = end()
        if (found !== undefined) return found
      }
    }
    return true
  }

  /** The level at which a node of this shape may stand in a group, if its operands allow it. */
  const fits = (
    group: OpenGroup,
    shape: ReadonlyArray<number>,
    operands: ReadonlyArray<Access>,
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
    for (const access of operands) {
      if (!inside(access)) continue
      if (access.guarded === true) return undefined
      const from = levelOf.get(access.base)
      const direct =
        level === "full"
          ? from === "full"
            ? isIdentity(access.view, group.space)
            : isRowOf(access.view, group.space)
          : from === "row" && Axes.sameShape(access.view.shape, shape) && Views.isContiguous(access.view)
      if (!direct) return undefined
    }
    const outer = operands.flatMap((access) =>
      inside(access) || groupOf[access.base] === undefined ? [] : [groupOf[access.base] ?? -1]
    )
    return outer.some((id) => dependsOn(id, group.id)) ? undefined : level
  }

  const join = (
    group: OpenGroup,
    node: number,
    level: Level,
    operands: ReadonlyArray<Access>,
    resultLevel: Level
  ): void => {
    group.members.push({ node, level, operands })
    for (const { base } of operands) {
      const from = groupOf[base]
      if (from === undefined || from === group.id) continue
      group.dependencies.add(from)
      groups[from]?.users.add(group.id)
    }
    const count = graph.nodes[node]?.outputs.length ?? 0
    for (let output = 0; output < count; output++) {
      groupOf[(values.start[node] ?? 0) + output] = group.id
      levelOf.set((values.start[node] ?? 0) + output, resultLevel)
    }
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
    const root = into.kind === "row" ? [] : into.members.splice(0, 1)
    const members = [...into.members, ...from.members].sort((x, y) => x.node - y.node)
    into.members.splice(0, into.members.length, ...root, ...members)
    for (const d of from.dependencies) into.dependencies.add(d)
    for (const user of from.users) into.users.add(user)
    for (const member of from.members) {
      const count = graph.nodes[member.node]?.outputs.length ?? 0
      for (let output = 0; output < count; output++) groupOf[(values.start[member.node] ?? 0) + output] = into.id
    }
    mergedInto[from.id] = into.id
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
        const seen = reduces ? { shape, operands } : seenIn(group, shape, operands)
        const level = fits(group, seen.shape, seen.operands, reduces)
        if (level === undefined || (reduces && level !== "full")) continue
        const others =
          level === "full" ? candidates.flatMap((other) => (other === id ? [] : (groups[other] ?? []))) : []
        join(
          others.reduce(
            (into, other) => (fits(other, seen.shape, seen.operands, reduces) === "full" ? merge(into, other) : into),
            group
          ),
          i,
          level,
          seen.operands,
          reduces ? "row" : level
        )
        return
      }
    }
    const space = kind === "column" || kind === "contract" ? (node.outputs[0]?.shape ?? []) : shape
    const group: OpenGroup = { id: groups.length, kind, space, members: [], dependencies: new Set(), users: new Set() }
    mergedInto.push(groups.length)
    groups.push(group)
    join(group, i, "full", operands, reduces ? "row" : "full")
  })
  return renumber(values, groups, current, groupOf)
}

/** The groups that are left, numbered without gaps. */
const renumber = (
  values: Values,
  groups: ReadonlyArray<OpenGroup>,
  current: (id: number) => number,
  groupOf: ReadonlyArray<number | undefined>
): Schedule => {
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
