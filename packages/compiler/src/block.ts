/**
 * Blocks: a graph, or the body of a loop, as kernels in order. A program is a main block; the bodies of its loops and
 * branches are blocks whose parameters and results lie where the block around says.
 */
import type { Kernel, Step } from "@cotangent/kernel"
import type { Graph } from "@cotangent/graph"
import { type Buffers, makeBuffers, storedValues } from "./buffers.ts"
import { lowerControl } from "./control.ts"
import { lowerColumn } from "./lower/column.ts"
import { lowerContract } from "./lower/contract.ts"
import type { Context } from "./lower/fused.ts"
import { lowerKernel } from "./lower/kernel.ts"
import { lowerRow } from "./lower/row.ts"
import { lowerStructure } from "./lower/structure.ts"
import { orderGroups } from "./order.ts"
import { rematerialise } from "./rematerialise.ts"
import { resolve, valueOf } from "./resolve.ts"
import { copyResults, passResults, planResults } from "./results.ts"
import { flopsOf, type Group, type Schedule, schedule } from "./schedule.ts"
import type { KernelSource, Place, Underway } from "./underway.ts"
import { show } from "./watch.ts"

/** Plans one block: its kernels are appended to the program. */
export const planBlock = (
  underway: Underway,
  graph: Graph.Graph,
  { given, replaces, around }: Place
): { readonly steps: ReadonlyArray<Step>; readonly buffers: Buffers } => {
  const { relaxed, store, threads, tile } = underway
  const values = resolve(
    graph,
    given?.parameters.map(({ view }) => view)
  )
  const state = new Set(replaces)
  const scheduled = schedule(values, replaces)
  show({ tag: "schedule", pass: "schedule", schedule: scheduled })
  const groups = rematerialise(scheduled, (parameter) => state.has(parameter))
  show({ tag: "schedule", pass: "compute again", schedule: groups })
  const buffers = makeBuffers(
    store,
    values,
    given === undefined ? undefined : { parameters: given.parameters.map((p) => p.buffer), results: given.results }
  )
  replaces.forEach((parameter, i) => {
    const [result, replaced] = [buffers.results[i], buffers.parameters[parameter ?? -1]]
    if (result !== undefined && replaced !== undefined && result.id !== replaced.id) underway.share(result, replaced)
  })
  const stored = storedValues(groups)
  const context: Context = {
    values,
    bufferOf: buffers.bufferOf,
    isStored: (base) => stored.has(base),
    passed: [],
    temporary: (...args) => ({ ...buffers.scratch(...args), temporary: true }),
    tile,
    threads,
    relaxed
  }
  const order = orderGroups(groups, writesState(groups, replaces))
  const contextOf = (group: Group): Context => ownContext(context, groups, group)
  const how = planResults(contextOf, groups, order, replaces)
  const passedBy = passResults(groups, order, how, replaces)
  const passed = ({ id }: Group): Context["passed"] =>
    (passedBy.get(id) ?? []).flatMap((result) => {
      const [reference, buffer] = [graph.results[result], buffers.results[result]]
      const access = reference === undefined ? undefined : values.access[valueOf(values, reference)]
      return access === undefined || buffer === undefined ? [] : [{ base: access.base, buffer }]
    })
  graph.results.forEach((reference, i) => {
    const [buffer, access] = [buffers.results[i], values.access[valueOf(values, reference)]]
    if (how[i] === "direct" && buffer !== undefined && access !== undefined) buffers.assign(access.base, buffer)
  })
  const written = new Set([...passedBy.values()].flat())
  const { before, after } = copyResults(
    groups,
    buffers,
    how.map((way, i) => (written.has(i) ? "direct" : way)),
    replaces
  )
  const call = (kernel: Kernel, source?: KernelSource): ReadonlyArray<Step> => underway.call(kernel, around, source)
  const sourceOf = ({ kind, members, space }: Group): KernelSource => ({
    kind,
    space,
    nodes: members.flatMap(({ node }) => graph.nodes[node] ?? [])
  })
  const steps = [
    ...before.flatMap((kernel) => call(kernel)),
    ...order.flatMap((group) =>
      group.kind === "control"
        ? lowerControl(underway, context, group, around, planBlock)
        : call(
            lower({ ...contextOf(group), passed: passed(group) }, groups, group, underway.kernels.length),
            sourceOf(group)
          )
    ),
    ...after.flatMap((kernel) => call(kernel))
  ]
  return { steps, buffers }
}

/** Whether a group computes a value that replaces a parameter. */
const writesState = ({ values }: Schedule, replaces: ReadonlyArray<number | undefined>) => {
  const state = new Set(
    values.graph.results.flatMap((reference, i) =>
      replaces[i] === undefined ? [] : (values.access[valueOf(values, reference)]?.base ?? [])
    )
  )
  return (group: Group): boolean => group.members.some(({ node }) => state.has(values.start[node] ?? -1))
}

/** The program as one group sees it: what it repeats belongs to another, which stores it if anybody does. */
const ownContext = (context: Context, { groupOf }: Schedule, group: Group): Context => ({
  ...context,
  isStored: (base) => groupOf[base] === group.id && context.isStored(base)
})

/** A kernel is named for what it ends in: `k3_dot_add_select`. */
const nameOf = (schedule: Schedule, group: Group, index: number): string => {
  const names = group.members.map((m) => schedule.values.graph.nodes[m.node]?.primitive ?? "")
  const shown = names.length <= 4 ? names : [...names.slice(0, 2), `${names.length - 3}more`, names.at(-1) ?? ""]
  return `k${index}_${shown.join("_")}`
}

const lower = (context: Context, schedule: Schedule, group: Group, index: number): Kernel => {
  const name = nameOf(schedule, group, index)
  const cost = { flops: flopsOf(schedule, group), bytes: 0 }
  switch (group.kind) {
    case "row":
      return lowerRow(context, group, name, cost)
    case "contract":
      return lowerContract(context, group, name, cost)
    case "column":
      return lowerColumn(context, group, name, cost)
    case "kernel":
      return lowerKernel(context, group, name, cost)
    case "control":
      throw new RangeError("control flow has no kernel of its own")
    default:
      return lowerStructure(context, group, group.kind, name, cost)
  }
}
