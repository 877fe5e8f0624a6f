/** The WebAssembly API, in the form the engine uses it. */

/** A WebAssembly memory of a fixed number of pages. */
export type WasmMemory = WebAssembly.Memory

/** Makes a memory that never grows; other threads can use a shared one. */
export const makeWasmMemory = (pages: number, shared = false): WasmMemory =>
  new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
