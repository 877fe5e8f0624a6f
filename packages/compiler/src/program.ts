/**
 * From a graph to kernels and a memory plan, and from those to target code.
 *
 * Planning does not depend on addresses: a session plans all its programs, lays out its memory, then emits.
 */
import { type Buffer, bytesOf, type DType, type Kernel, type Layout } from "@cotangent/kernel"
import { type Aval, type Graph, sizeOf, Values as HostValues } from "@cotangent/graph"
import { exactRules } from "./exact.ts"
import type { Context } from "./lower/fused.ts"
import { lowerColumn } from "./lower/column.ts"
import { lowerContract } from "./lower/contract.ts"
import { lowerRow } from "./lower/row.ts"
import { copyKernel, lowerStructure } from "./lower/structure.ts"
import { type Lifetime, planMemory } from "./memory.ts"
import { orderGroups, planResults } from "./order.ts"
import { resolve, valueOf } from "./resolve.ts"
import { rewrite } from "./rewriter.ts"
import { flopsOf, type Group, type Schedule, schedule } from "./schedule.ts"
import { emitJavaScript } from "./target/javascript/emit.ts"
import { emitWasm } from "./target/wasm/emit.ts"
import { unrollScans } from "./unroll.ts"

/** How to plan: which results overwrite which parameters, and the shape of product tiles. */
export interface PlanOptions {
  /** For each result the index of the parameter whose memory it takes over, if any. */
  readonly replaces?: ReadonlyArray<number | undefined>
  /** 1 for 128-bit vectors (`narrow`), 2 where the engine pairs them (`wide`). The bits do not depend on it. */
  readonly tileVectors?: 1 | 2
}

/** A constant that must lie in memory before the program runs, at `offset` in the program's constant segment. */
export interface ConstantData {
  readonly buffer: Buffer
  readonly offset: number
  readonly data: ArrayLike<number>
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

/** The bytes an array takes in memory. */
export const bytesFor = ({ shape, dtype }: Aval): number => sizeOf(shape) * bytesOf[dtype]

const bufferBytes = ({ dtype, length }: Buffer): number => length * bytesOf[dtype]

/** The graph the arithmetic contract speaks of: scans unrolled, exact rewrites applied. */
export const canonical = (graph: Graph.Graph): Graph.Graph => rewrite(unrollScans(graph), exactRules)

/** Plans a graph. */
export const plan = (graph: Graph.Graph, options: PlanOptions = {}): Planned => {
  const { replaces = [], tileVectors = 1 } = options
  const main = canonical(graph)
  const values = resolve(main)
  const groups = schedule(values)
  const nodeBase = (i: number): number => values.start[i] ?? 0

  let lastBuffer = 0
  const makeBuffer = (name: string, dtype: DType, length: number): Buffer => ({ id: lastBuffer++, name, dtype, length })
  const bufferFor = (name: string, { shape, dtype }: Aval): Buffer => makeBuffer(name, dtype, sizeOf(shape))
  const parameters = main.parameters.map((p) => bufferFor(p.name, p))
  const results = main.results.map((reference, i) =>
    bufferFor(`result${i}`, values.avals[valueOf(values, reference)] ?? { shape: [], dtype: "f32" })
  )

  // Which values reach memory: results, and what another group or a form of its own reads.
  const stored = new Set<number>()
  for (const group of groups.groups) {
    for (const member of group.members)
      for (const { base } of member.operands)
        if (groups.groupOf[base] !== group.id || (group.kind !== "row" && member === group.members[0])) stored.add(base)
    if (!["row", "contract", "column"].includes(group.kind)) stored.add(nodeBase(group.members[0]?.node ?? 0))
  }
  const resultAccess = main.results.map((reference) => values.access[valueOf(values, reference)])
  for (const access of resultAccess) if (access !== undefined) stored.add(access.base)

  const buffers = new Map<number, Buffer>()
  main.parameters.forEach((_, i) => {
    const buffer = parameters[i]
    if (buffer !== undefined) buffers.set(nodeBase(i), buffer)
  })
  const constants: Array<ConstantData> = []
  let constantBytes = 0
  const constantBuffer = (base: number): Buffer | undefined => {
    const node = main.nodes[values.owner[base] ?? -1]
    const aval = values.avals[base]
    if (node === undefined || aval === undefined) return undefined
    const value = node.attributes["value"]
    const data =
      node.primitive === "constant" && HostValues.isValue(value)
        ? value.data
        : node.primitive === "iota"
          ? Float64Array.from({ length: sizeOf(aval.shape) }, (_, i) => i)
          : undefined
    if (data === undefined) return undefined
    const buffer = bufferFor(`constant${base}`, aval)
    constants.push({ buffer, data, offset: constantBytes })
    constantBytes = Math.ceil((constantBytes + bufferBytes(buffer)) / 64) * 64
    return buffer
  }
  const bufferOf = (base: number): Buffer => {
    const known =
      buffers.get(base) ??
      constantBuffer(base) ??
      bufferFor(`v${base}`, values.avals[base] ?? { shape: [], dtype: "f32" })
    buffers.set(base, known)
    return known
  }
  let temporaries: Array<Buffer> = []
  const context: Context = {
    values,
    bufferOf,
    isStored: (base) => stored.has(base),
    temporary: (name, dtype, length) => {
      const buffer = makeBuffer(name, dtype, length)
      temporaries.push(buffer)
      return buffer
    },
    tileVectors
  }

  const stateValues = new Set(
    resultAccess.flatMap((access, i) => (access === undefined || replaces[i] === undefined ? [] : [access.base]))
  )
  const definesState = (group: Group): boolean => group.members.some((m) => stateValues.has(nodeBase(m.node)))
  const order = orderGroups(groups, definesState)
  const resultPlan = planResults(
    context,
    groups,
    order,
    main.results.map((_, i) => replaces[i])
  )
  resultPlan.forEach((how, i) => {
    const buffer = results[i]
    const access = resultAccess[i]
    if (how === "direct" && buffer !== undefined && access !== undefined) buffers.set(access.base, buffer)
  })

  const kernels: Array<Kernel> = []
  const uses = new Map<number, { readonly buffer: Buffer; from: number; to: number }>()
  const use = (buffer: Buffer, at: number): void => {
    const known = uses.get(buffer.id)
    if (known === undefined) uses.set(buffer.id, { buffer, from: at, to: at })
    else known.to = at
  }
  const push = (kernel: Kernel): void => {
    const at = kernels.push(withBytes(kernel)) - 1
    for (const buffer of [...kernel.reads, ...kernel.writes]) use(buffer, at)
  }

  // A parameter that one result copies while another overwrites it is saved first.
  const overwritten = new Set(replaces.flatMap((p, i) => (p === undefined || resultPlan[i] === "nothing" ? [] : [p])))
  const saved = new Map<number, Buffer>()
  resultPlan.forEach((how, i) => {
    const access = resultAccess[i]
    if (
      how !== "copy" ||
      access === undefined ||
      access.base >= parameters.length ||
      !overwritten.has(access.base) ||
      saved.has(access.base)
    )
      return
    const aval = values.avals[access.base] ?? { shape: [], dtype: "f32" }
    const buffer = bufferFor(`saved${access.base}`, aval)
    saved.set(access.base, buffer)
    push(
      copyKernel(
        `save${access.base}`,
        bufferOf(access.base),
        { shape: [sizeOf(aval.shape)], strides: [1], offset: 0 },
        buffer
      )
    )
  })
  for (const group of order) {
    temporaries = []
    push(lower(context, groups, group, kernels.length))
  }
  resultPlan.forEach((how, i) => {
    const access = resultAccess[i]
    const target = results[i]
    if (how !== "copy" || access === undefined || target === undefined) return
    push(copyKernel(`copy${i}`, saved.get(access.base) ?? bufferOf(access.base), access.view, target))
  })

  const fixed = new Set([...parameters, ...results, ...constants.map((c) => c.buffer)].map((b) => b.id))
  const lifetimes: ReadonlyArray<Lifetime> = [...uses.values()]
    .filter(({ buffer }) => !fixed.has(buffer.id))
    .map(({ buffer, from, to }) => ({ id: buffer.id, bytes: bufferBytes(buffer), from, to }))
  const memory = planMemory(lifetimes)
  return {
    graph: main,
    kernels,
    parameters,
    results,
    constants,
    scratch: memory.offsets,
    cost: {
      flops: kernels.reduce((n, k) => n + k.cost.flops, 0),
      bytes: kernels.reduce((n, k) => n + k.cost.bytes, 0),
      kernels: kernels.length,
      scratchBytes: memory.bytes,
      constantBytes
    }
  }
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
