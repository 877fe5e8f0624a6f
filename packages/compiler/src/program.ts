/**
 * From a graph to kernels and a memory plan, and from those to target code.
 *
 * Planning does not depend on addresses: a session plans all its programs, lays out its memory, then emits.
 */
import type { Layout } from "@cotangent/kernel"
import type { Graph } from "@cotangent/graph"
import { planBlock } from "./block.ts"
import { costOf } from "./cost.ts"
import { lifetimesOf } from "./lifetimes.ts"
import { planMemory } from "./memory.ts"
import { canonical } from "./passes.ts"
import type { Planned } from "./planned.ts"
import { relax } from "./relaxed.ts"
import { emitJavaScript } from "./target/javascript/emit.ts"
import type { Segment } from "./target/wasm/assembler.ts"
import { startProgram, type Tile } from "./underway.ts"
import { emitWasm } from "./target/wasm/emit.ts"
import { show } from "./watch.ts"

export type { ConstantData } from "./buffers.ts"
export { canonical } from "./passes.ts"
export type { Segment } from "./target/wasm/assembler.ts"
export type { Cost, Planned } from "./planned.ts"
export type { KernelSource, Tile } from "./underway.ts"

/** How to plan: which results overwrite which parameters, and the shape of product tiles. */
export interface PlanOptions {
  /** For each result the index of the parameter whose memory it takes over, if any. */
  readonly replaces?: ReadonlyArray<number | undefined>
  /**
   * The tiles of products, in rows and full vectors: 4 by 1 for 128-bit registers (`narrow`), 4 by 2 where the engine
   * pairs them (`wide`), 6 rows where products are added without being rounded first (`fast`). The bits do not depend on
   * it; the wrong tile halves the speed.
   */
  readonly tile?: Tile
  /** How many threads share the kernels that are worth it, 1 unless given. The bits do not depend on it. */
  readonly threads?: number
  /**
   * The microseconds a kernel must take to be shared, 8 unless given: where threads meet costs one to two of them.
   */
  readonly grain?: number
  /**
   * Whether sums may be rounded in other ways than the arithmetic contract says: convolutions by minimal filtering, where
   * that takes fewer products. Not unless asked for.
   */
  readonly relaxed?: boolean
  /** Whether the graph is canonical already; false unless given. */
  readonly isCanonical?: boolean
}

/** Plans a graph. */
export const plan = (graph: Graph.Graph, options: PlanOptions = {}): Planned => {
  const { tile = { rows: 4, vectors: 1 }, threads = 1, grain = 8, replaces = [] } = options
  const { isCanonical = false, relaxed = false } = options
  const given = isCanonical ? graph : canonical(graph)
  const main = relaxed ? relax(given) : given
  if (relaxed) show({ tag: "graph", pass: "relaxed rewrites", graph: main })
  const underway = startProgram(tile, { threads, grain }, relaxed)
  const { steps, buffers } = planBlock(underway, main, {
    replaces: main.results.map((_, i) => replaces[i]),
    around: []
  })
  const { kernels, sources } = underway
  const constants = underway.store.constants()
  const fixed = [...buffers.parameters, ...buffers.results, ...constants.data.map((c) => c.buffer)]
  const lifetimes = lifetimesOf({ kernels, steps }, fixed, underway.owned)
  const memory = planMemory(lifetimes)
  const planned: Planned = {
    graph: main,
    kernels,
    sources,
    lifetimes,
    steps,
    parameters: buffers.parameters,
    results: buffers.results,
    constants: constants.data,
    scratch: memory.offsets,
    cost: { ...costOf({ kernels, steps }), scratchBytes: memory.bytes, constantBytes: constants.bytes }
  }
  show({ tag: "plan", pass: "plan memory", planned })
  return planned
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

/** Whether threads share any kernel of a program. */
export const isDivided = ({ kernels }: Pick<Planned, "kernels">): boolean =>
  kernels.some(({ threads }) => threads !== undefined)

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
  /** Products are added without being rounded first, where the processor can: not the same bits on every machine. */
  readonly fused?: boolean
  /** Also exports every kernel, to be timed alone. */
  readonly exportKernels?: boolean
  /** Where given, the module has a memory of its own, exported as `memory`, with these bytes in it at the start. */
  readonly contents?: ReadonlyArray<Segment>
  /** Writes fewer bytes for the same bits: equal kernels once, no names of functions. */
  readonly compact?: boolean
  /** Text that stands in the module as the name of a section, `cotangent TEXT`: by it others know what module it is. */
  readonly salt?: string
  /** Where threads meet that share the memory, see `controlBytes`; without it one thread does everything. */
  readonly control?: number
}

/** WebAssembly bytes of a planned program: a module with one exported call per step. */
export const toWasm = (
  planned: Planned,
  layout: Layout,
  memoryPages: number,
  options: WasmTargetOptions = {}
): Uint8Array => emitWasm(planned, { layout, memoryPages, ...options })

/** JavaScript source of a planned program: the body of a function of `memory`. */
export const toJavaScript = (planned: Planned, layout: Layout): string => emitJavaScript(planned, { layout })
