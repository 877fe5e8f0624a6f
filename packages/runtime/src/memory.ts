/** Memories: WebAssembly memory cannot be given back, so it is pooled by size and handed out again. */
import { allocate, type DType, type HostArrays, type Value } from "@cotangent/graph"
import { makeWasmMemory, type WasmMemory } from "./webassembly.ts"
import { pageBytes, type PlacedLeaf } from "./layout.ts"

/** A memory of a fixed number of pages. */
export interface Memory {
  readonly pages: number
  readonly buffer: ArrayBufferLike
  /** Absent for the JavaScript target. */
  readonly wasm?: WasmMemory
}

/** Page counts that are handed out: a quarter of a power of two apart, so that few sizes serve all sessions. */
export const sizeClass = (pages: number): number => {
  if (pages <= 4) return pages
  const unit = 2 ** Math.max(0, Math.ceil(Math.log2(pages)) - 3)
  return Math.ceil(pages / unit) * unit
}

/** Hands out memories and takes them back. */
export interface MemoryPool {
  readonly acquire: (pages: number) => Memory
  readonly release: (memory: Memory) => void
  /** Never hands a memory out again: another thread may still write to it. */
  readonly discard: (memory: Memory) => void
  readonly isDiscarded: (memory: Memory) => boolean
  /** Memories made so far, and those waiting to be used again. */
  readonly statistics: () => { readonly made: number; readonly free: number; readonly bytes: number }
}

const makeMemory = (target: "wasm" | "js", pages: number, shared: boolean): Memory => {
  try {
    if (target === "js") return { pages, buffer: new ArrayBuffer(pages * pageBytes) }
    const wasm = makeWasmMemory(pages, shared)
    return { pages, buffer: wasm.buffer, wasm }
  } catch (thrown) {
    const megabytes = Math.ceil((pages * pageBytes) / 2 ** 20)
    throw new RangeError(
      `memory: this program needs ${megabytes} MB in one piece, which the engine does not give: use smaller batches or a smaller model`,
      { cause: thrown }
    )
  }
}

/** A pool for one target, of memories that threads can share or not. They are zeroed when they are handed out again. */
export const makePool = (target: "wasm" | "js", shared = false): MemoryPool => {
  const free = new Map<number, Array<Memory>>()
  const discarded = new WeakSet<Memory>()
  let made = 0
  let bytes = 0
  return {
    acquire: (wanted) => {
      const pages = sizeClass(wanted)
      const known = free.get(pages)?.pop()
      if (known !== undefined) {
        new Uint8Array(known.buffer).fill(0)
        return known
      }
      const fresh = makeMemory(target, pages, shared)
      made++
      bytes += pages * pageBytes
      return fresh
    },
    discard: (memory) => void discarded.add(memory),
    isDiscarded: (memory) => discarded.has(memory),
    release: (memory) => {
      if (discarded.has(memory)) return
      const list = free.get(memory.pages) ?? []
      list.push(memory)
      free.set(memory.pages, list)
    },
    statistics: () => ({ made, free: [...free.values()].reduce((n, list) => n + list.length, 0), bytes })
  }
}

const views: {
  readonly [D in DType]: (
    buffer: ArrayBufferLike,
    address: number,
    length: number
  ) => ArrayLike<number> & { set: (data: ArrayLike<number>, at?: number) => void }
} = {
  f32: (b, a, n) => new Float32Array(b, a, n),
  f64: (b, a, n) => new Float64Array(b, a, n),
  i32: (b, a, n) => new Int32Array(b, a, n),
  u32: (b, a, n) => new Uint32Array(b, a, n),
  bool: (b, a, n) => new Int32Array(b, a, n)
}

/** Copies host data into a leaf, from its element `at` on. Booleans become 0 or 1. */
export const write = (memory: Memory, leaf: PlacedLeaf, data: ArrayLike<number>, at = 0): void =>
  views[leaf.dtype](memory.buffer, leaf.address, leaf.length).set(
    leaf.dtype === "bool" ? Array.from(data, (x) => (x === 0 ? 0 : 1)) : data,
    at
  )

/** Copies a leaf out to the host: no view of a memory ever escapes. */
const read = (memory: Pick<Memory, "buffer">, leaf: PlacedLeaf): HostArrays[DType] => {
  const out = allocate(leaf.dtype, leaf.length)
  const view = views[leaf.dtype](memory.buffer, leaf.address, leaf.length)
  // Arrays of one element type are copied byte by byte, so that every NaN keeps its bits.
  if (leaf.dtype !== "bool") {
    out.set(view)
    return out
  }
  for (let i = 0; i < leaf.length; i++) out[i] = view[i] ?? 0
  return out
}

/** A leaf with its shape, copied out. */
export const readValue = (memory: Pick<Memory, "buffer">, leaf: PlacedLeaf): Value => ({
  shape: leaf.shape,
  dtype: leaf.dtype,
  data: read(memory, leaf)
})
