/** A program while its blocks are planned: its kernels and buffers so far, and how kernels are added. */
import { type Buffer, divide, type Kernel, type Loop, type Step } from "@cotangent/kernel"
import type { Graph, View } from "@cotangent/graph"
import { makeStore, type Store } from "./buffers.ts"
import { leastMicroseconds, withBytes } from "./cost.ts"
import type { GroupKind } from "./schedule.ts"

/** The shape of the tiles of products: sums that are kept in registers at once. */
export interface Tile {
  readonly rows: 4 | 6
  readonly vectors: 1 | 2
}

/** What a kernel computes: the nodes that one group fuses, or none for a copy. */
export interface KernelSource {
  readonly kind: GroupKind | "copy"
  /** The index space of the group. */
  readonly space: ReadonlyArray<number>
  readonly nodes: ReadonlyArray<Graph.GraphNode>
}

const copying: KernelSource = { kind: "copy", space: [], nodes: [] }

/** A program under construction. */
export interface Underway {
  readonly store: Store
  readonly kernels: Array<Kernel>
  /** One for each kernel. */
  readonly sources: Array<KernelSource>
  readonly tile: Tile
  readonly threads: number
  /** Whether sums may be rounded in other ways than the arithmetic contract says. */
  readonly relaxed: boolean
  /** Lets a buffer lie in the place of another on purpose. */
  readonly share: (buffer: Buffer, root: Buffer) => void
  /** The buffers made for the body of each loop. */
  readonly owned: Map<Step, readonly [number, number]>
  /** Appends a kernel inside the given loops, divided if threads share it; the steps that call it. */
  readonly call: (kernel: Kernel, around: ReadonlyArray<Loop>, source?: KernelSource) => ReadonlyArray<Step>
  /** A new loop around kernels. */
  readonly loop: (extent: number) => Loop
}

/** Who shares kernels: how many threads, and how many microseconds a kernel must take to be worth it. */
export interface Sharing {
  readonly threads: number
  readonly grain: number
}

/** A program without kernels. */
export const startProgram = (tile: Tile, { threads, grain }: Sharing, relaxed = false): Underway => {
  const store = makeStore()
  const kernels: Array<Kernel> = []
  const sources: Array<KernelSource> = []
  let loops = 0
  // Loops around kernels have numbers below 0, those inside from 0.
  const loop = (extent: number): Loop => ({ id: -++loops, extent, step: 1 })
  const roots = new Map<number, number>()
  const rootOf = (buffer: Buffer): number => roots.get(buffer.id) ?? buffer.id
  const crew = threads === 1 ? undefined : loop(threads)
  const multiply = ({ name, dtype, length }: Buffer): Buffer => ({
    ...store.make(name, dtype, length * threads),
    temporary: true
  })
  const divided = (kernel: Kernel): ReadonlyArray<Kernel> =>
    crew === undefined || leastMicroseconds(kernel) < grain
      ? [kernel]
      : divide(kernel, { threads: crew, rootOf, multiply })
  return {
    store,
    kernels,
    sources,
    tile,
    threads,
    relaxed,
    owned: new Map(),
    share: (buffer, root) => void roots.set(buffer.id, rootOf(root)),
    call: (kernel, around, source = copying) =>
      divided(withBytes(around.length === 0 ? kernel : { ...kernel, around })).map((part) => {
        sources.push(source)
        return { tag: "call", kernel: kernels.push(part) - 1 }
      }),
    loop
  }
}

/** An array as a block is given it. */
export interface Given {
  readonly buffer: Buffer
  readonly view: View
}

/** Where a block stands. */
export interface Place {
  /** Where the parameters lie and where the results go; new buffers if left out. */
  readonly given?: { readonly parameters: ReadonlyArray<Given>; readonly results: ReadonlyArray<Buffer> }
  /** For each result the index of the parameter whose memory it takes over, if any. */
  readonly replaces: ReadonlyArray<number | undefined>
  readonly around: ReadonlyArray<Loop>
}
