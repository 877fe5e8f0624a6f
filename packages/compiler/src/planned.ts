/** What planning makes of a graph: kernels, the order they run in, and where everything lies. */
import type { Buffer, Kernel, Step } from "@cotangent/kernel"
import type { Graph } from "@cotangent/graph"
import type { ConstantData } from "./buffers.ts"
import type { Lifetime } from "./memory.ts"
import type { KernelSource } from "./underway.ts"

/** What a program costs, known before it runs; a `whileLoop` counts as one step, a `cond` as its dearer branch. */
export interface Cost {
  readonly flops: number
  /** Bytes read and written by all kernels, counting every buffer once per call of a kernel. */
  readonly bytes: number
  /** How many kernels there are, those in loops counted once. */
  readonly kernels: number
  readonly scratchBytes: number
  readonly constantBytes: number
}

/** A planned program: kernels over buffers whose scratch offsets are decided and whose addresses are not. */
export interface Planned {
  readonly graph: Graph.Graph
  readonly kernels: ReadonlyArray<Kernel>
  /** For each kernel the nodes it computes. */
  readonly sources: ReadonlyArray<KernelSource>
  /** The order kernels run in, with the loops and branches around them. */
  readonly steps: ReadonlyArray<Step>
  readonly parameters: ReadonlyArray<Buffer>
  readonly results: ReadonlyArray<Buffer>
  readonly constants: ReadonlyArray<ConstantData>
  /** Offset in the scratch segment, by buffer id. */
  readonly scratch: ReadonlyMap<number, number>
  /** From which call to which each buffer in scratch is needed. */
  readonly lifetimes: ReadonlyArray<Lifetime>
  readonly cost: Cost
}
