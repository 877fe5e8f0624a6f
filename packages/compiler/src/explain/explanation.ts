/**
 * Explanations: what became of a graph. Which passes ran, what each kernel computes and costs, where every intermediate
 * lies and when, and what limits each kernel on a machine of given speed. All of it is known before anything runs.
 */
import type { Instruction, Kernel, Step } from "@cotangent/kernel"
import { Graph, originOf, showPosition } from "@cotangent/graph"
import { bufferBytes } from "../buffers.ts"
import { trafficOf } from "../cost.ts"
import { passes } from "../passes.ts"
import { type Cost, type KernelSource, plan, type Planned, type PlanOptions } from "../program.ts"

/** What a pass did to the size of a graph; the bodies of loops count. */
export interface PassTrace {
  readonly pass: string
  readonly nodesBefore: number
  readonly nodesAfter: number
}

/** A loop of a kernel, with the loops in it. */
export interface LoopNest {
  /** How often it runs. */
  readonly rounds: number
  /** How many elements one round takes: the lanes of a vector, the rows of a tile. */
  readonly step: number
  readonly inside: ReadonlyArray<LoopNest>
}

/** One operation that a kernel computes. */
export interface FusedOperation {
  readonly primitive: string
  /** Where it was built, `file:line:column`; for a derivative, the operation it is the derivative of. */
  readonly position: string | undefined
  /** The layer, such as `hidden`. */
  readonly layer: string | undefined
  /** What it is a derivative of, if it is one: `backward of relu`. */
  readonly derivative: string | undefined
}

/** One kernel. */
export interface KernelExplanation {
  readonly name: string
  readonly kind: KernelSource["kind"]
  readonly operations: ReadonlyArray<FusedOperation>
  readonly loops: ReadonlyArray<LoopNest>
  /** How often it runs in one step; in a `whileLoop` once per round, counted as one. */
  readonly calls: number
  /** Per call. */
  readonly flops: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** What it takes at least on the machine, over all calls, and why. */
  readonly estimate?: Estimate
}

/** The speed of a machine, as `npm run bench -- machine` measures it. */
export interface Machine {
  /** Floating-point operations in a nanosecond. */
  readonly gigaflops: number
  /** Bytes read and written in a nanosecond. */
  readonly gigabytes: number
}

/** The roofline of a kernel: `max(flops / peak, bytes / bandwidth)`. Williams, Waterman, Patterson 2009. */
export interface Estimate {
  readonly microseconds: number
  readonly limit: "arithmetic" | "memory"
}

/** A buffer in scratch: where it lies, and from which call to which. */
export interface PlannedBuffer {
  readonly name: string
  readonly bytes: number
  readonly offset: number
  readonly from: number
  readonly to: number
}

/** Where everything lies. */
export interface MemoryExplanation {
  /** Parameters that a result replaces: the state, in a session. */
  readonly stateBytes: number
  /** The other parameters. */
  readonly inputBytes: number
  /** Results with memory of their own. */
  readonly outputBytes: number
  readonly constantBytes: number
  /** The scratch segment: the largest sum of what is alive at once, and gaps. */
  readonly scratchBytes: number
  /** What scratch would be if nothing were reused. */
  readonly withoutReuse: number
  readonly buffers: ReadonlyArray<PlannedBuffer>
  /** How many calls of kernels there are in the steps, each counted once: the time of `from` and `to`. */
  readonly calls: number
}

/** What became of a graph. */
export interface Explanation {
  readonly passes: ReadonlyArray<PassTrace>
  readonly kernels: ReadonlyArray<KernelExplanation>
  readonly memory: MemoryExplanation
  readonly cost: Cost
}

/** How to explain: as to plan, and for which machine, if kernels should be told by what limits them. */
export interface ExplainOptions extends PlanOptions {
  readonly machine?: Machine
}

/** How many nodes a graph has, those in the bodies of its loops too. */
export const nodeCount = (graph: Graph.Graph): number =>
  graph.nodes.reduce((n, { regions }) => n + 1 + regions.reduce((m, region) => m + nodeCount(region), 0), 0)

const tracePasses = (graph: Graph.Graph): ReadonlyArray<PassTrace> => {
  let current = graph
  return passes.map(({ name, run }) => {
    const before = current
    current = run(before)
    return { pass: name, nodesBefore: nodeCount(before), nodesAfter: nodeCount(current) }
  })
}

const loopsOf = (body: ReadonlyArray<Instruction>): ReadonlyArray<LoopNest> =>
  body.flatMap((instruction) =>
    instruction.tag === "for"
      ? [
          {
            rounds: Math.ceil(instruction.loop.extent / instruction.loop.step),
            step: instruction.loop.step,
            inside: loopsOf(instruction.body)
          }
        ]
      : []
  )

const operationOf = ({ position, primitive }: Graph.GraphNode): FusedOperation => ({
  primitive,
  position: showPosition(position),
  layer: originOf(position).label,
  derivative:
    position.derivative === undefined ? undefined : `${position.derivative.phase} of ${position.derivative.of}`
})

/** How often each kernel runs in one step. */
const callsOf = (planned: Planned): ReadonlyMap<number, number> => {
  const calls = new Map<number, number>()
  const follow = (steps: ReadonlyArray<Step>, times: number): void => {
    for (const step of steps) {
      switch (step.tag) {
        case "call":
          calls.set(step.kernel, (calls.get(step.kernel) ?? 0) + times)
          break
        case "repeat":
          follow(step.body, times * step.loop.extent)
          break
        case "while":
          follow(step.test, times)
          follow(step.body, times)
          break
        case "branch":
          follow(step.whenSet, times)
          follow(step.whenNot, times)
      }
    }
  }
  follow(planned.steps, 1)
  return calls
}

/** The least time that arithmetic and memory allow. */
export const estimateOf = (flops: number, bytes: number, { gigabytes, gigaflops }: Machine): Estimate => {
  const [arithmetic, memory] = [flops / (1000 * gigaflops), bytes / (1000 * gigabytes)]
  return arithmetic > memory
    ? { microseconds: arithmetic, limit: "arithmetic" }
    : { microseconds: memory, limit: "memory" }
}

const explainKernel = (
  kernel: Kernel,
  source: KernelSource,
  calls: number,
  machine: Machine | undefined
): KernelExplanation => {
  const { read, written } = trafficOf(kernel)
  const { flops } = kernel.cost
  return {
    name: kernel.name,
    kind: source.kind,
    operations: source.nodes.map(operationOf),
    loops: loopsOf(kernel.body),
    calls,
    flops,
    bytesRead: read,
    bytesWritten: written,
    ...(machine === undefined ? {} : { estimate: estimateOf(flops * calls, (read + written) * calls, machine) })
  }
}

const explainMemory = (planned: Planned, replaces: PlanOptions["replaces"] = []): MemoryExplanation => {
  const names = new Map(
    planned.kernels.flatMap(({ reads, writes }) => [...reads, ...writes].map(({ id, name }) => [id, name] as const))
  )
  const state = new Set(replaces)
  const sum = (sizes: ReadonlyArray<number>): number => sizes.reduce((n, size) => n + size, 0)
  const buffers = planned.lifetimes
    .map(({ bytes, from, id, to }): PlannedBuffer => ({
      name: names.get(id) ?? `buffer ${id}`,
      bytes,
      offset: planned.scratch.get(id) ?? 0,
      from,
      to
    }))
    .sort((a, b) => a.from - b.from || a.offset - b.offset)
  return {
    stateBytes: sum(planned.parameters.map((buffer, i) => (state.has(i) ? bufferBytes(buffer) : 0))),
    inputBytes: sum(planned.parameters.map((buffer, i) => (state.has(i) ? 0 : bufferBytes(buffer)))),
    outputBytes: sum(planned.results.map((buffer, i) => (replaces[i] === undefined ? bufferBytes(buffer) : 0))),
    constantBytes: planned.cost.constantBytes,
    scratchBytes: planned.cost.scratchBytes,
    withoutReuse: sum(buffers.map(({ bytes }) => bytes)),
    buffers,
    calls: planned.kernels.length
  }
}

/**
 * What becomes of a graph: its passes, kernels, memory and cost, as data; `printExplanation` makes text of it.
 *
 * The graph is planned as `plan` does it. Nothing runs: with a `machine` the times are estimates from below.
 */
export const explain = (graph: Graph.Graph, { machine, ...options }: ExplainOptions = {}): Explanation => {
  const planned = plan(graph, options)
  const calls = callsOf(planned)
  return {
    passes: tracePasses(graph),
    kernels: planned.kernels.map((kernel, i) =>
      explainKernel(kernel, planned.sources[i] ?? { kind: "copy", space: [], nodes: [] }, calls.get(i) ?? 0, machine)
    ),
    memory: explainMemory(planned, options.replaces),
    cost: planned.cost
  }
}
