/**
 * Results: which are written where they belong by the kernel that computes them, in place of the parameter they replace
 * if they do, and which are copied.
 */
import type { Buffer, Kernel } from "@cotangent/kernel"
import { Axes, primitives, rulesOf, sizeOf, Views } from "@cotangent/graph"
import { avalOf, type Buffers } from "./buffers.ts"
import type { Context } from "./lower/fused.ts"
import { mayOverwrite } from "./lower/row.ts"
import { copyKernel } from "./lower/structure.ts"
import { type Access, type Values, valueOf } from "./resolve.ts"
import type { Group, Schedule } from "./schedule.ts"
import { isIdentity } from "./space.ts"

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
 * parameter runs before, and its own group reads the old value only element by element, and not again afterwards.
 */
export const planResults = (
  contextOf: (group: Group) => Context,
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
        !mayOverwrite(contextOf(group), group, access.base, replaced)
      )
        return "copy"
    }
    claimed.add(access.base)
    return "direct"
  })
}

/**
 * Results that are a parameter in the place of another, as the gradient that Adan keeps for its next step: by group, those
 * that it can write as it reads them. It computes every element by itself, reads what it overwrites there only, and runs
 * after all other readers of that and before the parameter is overwritten in turn.
 */
export const passResults = (
  { groupOf, values }: Schedule,
  order: ReadonlyArray<Group>,
  how: ResultPlan,
  replaces: ReadonlyArray<number | undefined>
): ReadonlyMap<number, ReadonlyArray<number>> => {
  const { parameters, results } = values.graph
  const accessOf = (result: number): Access | undefined => {
    const reference = results[result]
    return reference === undefined ? undefined : values.access[valueOf(values, reference)]
  }
  const wanted = results.flatMap((_, i) => {
    const [access, replaced] = [accessOf(i), replaces[i]]
    const moves = how[i] === "copy" && access !== undefined && access.base < parameters.length
    return moves && replaced !== undefined && isWhole(values, access) ? [{ i, base: access.base, replaced }] : []
  })
  const passed = new Map<number, Array<number>>()
  if (wanted.length === 0) return passed
  const position = new Map(order.map(({ id }, i) => [id, i] as const))
  const placeOf = (id: number | undefined): number => position.get(id ?? -1) ?? Infinity
  /** When each parameter is overwritten: by its kernel, or after all of them. */
  const overwrittenAt = new Map<number, number>()
  replaces.forEach((replaced, i) => {
    if (replaced === undefined || how[i] === "nothing") return
    overwrittenAt.set(replaced, how[i] === "direct" ? placeOf(groupOf[accessOf(i)?.base ?? -1]) : Infinity)
  })
  for (const { base, i, replaced } of wanted) {
    const reads = (group: Group, what: number): boolean =>
      group.members.some(({ operands }) => operands.some((access) => access.base === what))
    const last = Math.max(-1, ...order.flatMap((group, at) => (reads(group, replaced) ? [at] : [])))
    const until = overwrittenAt.get(base) ?? Infinity
    const host = order.find(
      (group, at) =>
        at >= last &&
        at <= until &&
        group.kind === "row" &&
        group.members.every(({ level, node }) => level === "full" && !isReduction(values, node)) &&
        readsInPlace(group, replaced) &&
        group.members.some(({ operands }) =>
          operands.some((access) => access.base === base && isIdentity(access.view, group.space))
        )
    )
    if (host === undefined) continue
    overwrittenAt.set(replaced, placeOf(host.id))
    passed.set(host.id, [...(passed.get(host.id) ?? []), i])
  }
  return passed
}

const isReduction = (values: Values, node: number): boolean => {
  const primitive = values.graph.nodes[node]?.primitive
  return primitive !== undefined && rulesOf(primitives[primitive]).lower.tag === "reduce"
}

/** What is left to do for results that are not written by the kernel that computes them. */
export interface ResultCopies {
  /** Before any other kernel: what reads parameters that may be overwritten later. */
  readonly before: ReadonlyArray<Kernel>
  /** After all other kernels. */
  readonly after: ReadonlyArray<Kernel>
}

/**
 * Copies of results that are views, parameters or constants, or whose memory cannot be written earlier. A parameter that
 * goes into memory of its own is copied first, while nothing has changed it. One that replaces another parameter goes
 * last, when nobody reads that one any more; if it is overwritten itself before that, it is saved first.
 */
export const copyResults = (
  { values }: Schedule,
  buffers: Buffers,
  how: ResultPlan,
  replaces: ReadonlyArray<number | undefined>
): ResultCopies => {
  const overwritten = new Set(replaces.flatMap((p, i) => (p === undefined || how[i] === "nothing" ? [] : [p])))
  const saved = new Map<number, Buffer>()
  const before: Array<Kernel> = []
  const after: Array<Kernel> = []
  const save = (base: number): Buffer => {
    const known = saved.get(base)
    if (known !== undefined) return known
    const { shape, dtype } = avalOf(values, base)
    const size = sizeOf(shape)
    const buffer = buffers.scratch(`saved${base}`, dtype, size)
    saved.set(base, buffer)
    before.push(copyKernel(`save${base}`, buffers.bufferOf(base), Views.contiguous([size]), buffer))
    return buffer
  }
  values.graph.results.forEach((reference, i) => {
    const access = values.access[valueOf(values, reference)]
    const target = buffers.results[i]
    if (how[i] !== "copy" || access === undefined || target === undefined) return
    const { base, view } = access
    const isParameter = base < buffers.parameters.length
    if (isParameter && replaces[i] === undefined)
      before.push(copyKernel(`copy${i}`, buffers.bufferOf(base), view, target))
    else {
      const from = isParameter && overwritten.has(base) ? save(base) : buffers.bufferOf(base)
      after.push(copyKernel(`copy${i}`, from, view, target))
    }
  })
  return { before, after }
}
