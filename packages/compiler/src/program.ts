/**
 * From a graph to kernels and a memory plan, and from those to target code.
 *
 * Planning does not depend on addresses: a session plans all its programs, lays out its memory, then emits.
 */
import type { Buffer, Kernel, Layout } from "@cotangent/kernel"
import type { Graph } from "@cotangent/graph"
import { bufferBytes, type ConstantData, makeBuffers, storedValues } from "./buffers.ts"
import { exactRules } from "./exact.ts"
import type { Context } from "./lower/fused.ts"
import { lowerKernel } from "./lower/kernel.ts"
import { lowerColumn } from "./lower/column.ts"
import { lowerContract } from "./lower/contract.ts"
import { lowerRow } from "./lower/row.ts"
import { lowerStructure } from "./lower/structure.ts"
import { type Lifetime, planMemory } from "./memory.ts"
import { orderGroups } from "./order.ts"
import { resolve, valueOf } from "./resolve.ts"
import { copyResults, planResults } from "./results.ts"
import { rewrite } from "./rewriter.ts"
import { flopsOf, type Group, type Schedule, schedule } from "./schedule.ts"
import { emitJavaScript } from "./target/javascript/emit.ts"
import { emitWasm } from "./target/wasm/emit.ts"
import { unrollScans } from "./unroll.ts"

export type { ConstantData } from "./buffers.ts"

/** How to plan: which results overwrite which parameters, and the shape of product tiles. */
export interface PlanOptions {
  /** For each result the index of the parameter whose memory it takes over, if any. */
  readonly replaces?: ReadonlyArray<number | undefined>
  /** 1 for 128-bit vectors (`narrow`), 2 where the engine pairs them (`wide`). The bits do not depend on it. */
  readonly tileVectors?: 1 | 2
}

/** What a program costs, known before it runs. */
export interface Cost {
  readonly flops: number
  /** Bytes read and written by all kernels, counting every buffer once per kernel. */
  readonly bytes: number
  readonly kernels: number
  readonly scratchBytes: number
  readonly constantBytes: number
}

/** A planned program: kernels over buffers whose scratch offsets are decided and whose addresses are not. */
export interface Planned {
  readonly graph: Graph.Graph
  readonly kernels: ReadonlyArray<Kernel>
  readonly parameters: ReadonlyArray<Buffer>
  readonly results: ReadonlyArray<Buffer>
  readonly constants: ReadonlyArray<ConstantData>
  /** Offset in the scratch segment, by buffer id. */
  readonly scratch: ReadonlyMap<number, number>
  readonly cost: Cost
}

/** The graph the arithmetic contract speaks of: scans unrolled, exact rewrites applied. */
export const canonical = (graph: Graph.Graph): Graph.Graph => rewrite(unrollScans(graph), exactRules)

/** Plans a graph. */
export const plan = (graph: Graph.Graph, options: PlanOptions = {}): Planned => {
  const { tileVectors = 1 } = options
  const main = canonical(graph)
  const values = resolve(main)
  const groups = schedule(values)
  const buffers = makeBuffers(values)
  const stored = storedValues(groups)
  const context: Context = {
    values,
    bufferOf: buffers.bufferOf,
    isStored: (base) => stored.has(base),
    temporary: buffers.scratch,
    tileVectors
  }
  const replaces = main.results.map((_, i) => options.replaces?.[i])
  const order = orderGroups(groups, writesState(groups, replaces))
  const how = planResults(context, groups, order, replaces)
  main.results.forEach((reference, i) => {
    const [buffer, access] = [buffers.results[i], values.access[valueOf(values, reference)]]
    if (how[i] === "direct" && buffer !== undefined && access !== undefined) buffers.assign(access.base, buffer)
  })
  const { before, after } = copyResults(groups, buffers, how, replaces)
  const computing = order.map((group, i) => lower(context, groups, group, before.length + i))
  const kernels = [...before, ...computing, ...after].map(withBytes)
  const constants = buffers.constants()
  const memory = planMemory(
    lifetimesOf(kernels, [...buffers.parameters, ...buffers.results, ...constants.data.map((c) => c.buffer)])
  )
  const total = (of: (kernel: Kernel) => number): number => kernels.reduce((n, kernel) => n + of(kernel), 0)
  return {
    graph: main,
    kernels,
    parameters: buffers.parameters,
    results: buffers.results,
    constants: constants.data,
    scratch: memory.offsets,
    cost: {
      flops: total((kernel) => kernel.cost.flops),
      bytes: total((kernel) => kernel.cost.bytes),
      kernels: kernels.length,
      scratchBytes: memory.bytes,
      constantBytes: constants.bytes
    }
  }
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

/** The first and the last kernel that touch each buffer, but for those whose place is fixed. */
const lifetimesOf = (kernels: ReadonlyArray<Kernel>, fixed: ReadonlyArray<Buffer>): ReadonlyArray<Lifetime> => {
  const placed = new Set(fixed.map(({ id }) => id))
  const lifetimes = new Map<number, Lifetime>()
  kernels.forEach((kernel, at) => {
    for (const buffer of [...kernel.reads, ...kernel.writes]) {
      const { id } = buffer
      if (placed.has(id)) continue
      lifetimes.set(id, { id, bytes: bufferBytes(buffer), from: lifetimes.get(id)?.from ?? at, to: at })
    }
  })
  return [...lifetimes.values()]
}

const withBytes = (kernel: Kernel): Kernel => ({
  ...kernel,
  cost: { flops: kernel.cost.flops, bytes: [...kernel.reads, ...kernel.writes].reduce((n, b) => n + bufferBytes(b), 0) }
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
    default:
      return lowerStructure(context, group, group.kind, name, cost)
  }
}

/** Where a planned program's buffers lie. */
export interface Addresses {
  readonly parameters: ReadonlyArray<number>
  readonly results: ReadonlyArray<number>
  /** The start of the scratch segment, a multiple of 64. */
  readonly scratch: number
  /** The start of the program's constants, a multiple of 64. */
  readonly constants: number
}

/** The byte address of every buffer. */
export const layoutOf = (planned: Planned, addresses: Addresses): Layout => {
  const layout = new Map<number, number>()
  for (const [id, offset] of planned.scratch) layout.set(id, addresses.scratch + offset)
  for (const { buffer, offset } of planned.constants) layout.set(buffer.id, addresses.constants + offset)
  planned.parameters.forEach((buffer, i) => layout.set(buffer.id, addresses.parameters[i] ?? 0))
  planned.results.forEach((buffer, i) => layout.set(buffer.id, addresses.results[i] ?? 0))
  return layout
}

/** What `toWasm` may be asked for. */
export interface WasmTargetOptions {
  /** Instructions that pair into 256-bit ones safely: needed wherever the engine's flag for pairing is on. */
  readonly wide?: boolean
  /** Also exports every kernel, to be timed alone. */
  readonly exportKernels?: boolean
}

/** WebAssembly bytes of a planned program: a module with one exported call per step. */
export const toWasm = (
  planned: Planned,
  layout: Layout,
  memoryPages: number,
  options: WasmTargetOptions = {}
): Uint8Array => emitWasm(planned.kernels, { layout, memoryPages, ...options })

/** JavaScript source of a planned program: the body of a function of `memory`. */
export const toJavaScript = (planned: Planned, layout: Layout): string => emitJavaScript(planned.kernels, { layout })
