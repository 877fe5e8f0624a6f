/** The WebAssembly API, in the form the engine uses it. */

/** A WebAssembly memory of a fixed number of pages. */
export type WasmMemory = WebAssembly.Memory

/** Makes a memory that never grows. */
export const makeWasmMemory = (pages: number): WasmMemory => new WebAssembly.Memory({ initial: pages, maximum: pages })
