/** How programs are compiled and run: what `--mode`, `--target` and `--threads` choose. */
import type * as Layer from "effect/Layer"
import { Compute, type UnsupportedError } from "@cotangent/runtime"

/** For 128 or 256 bits of WebAssembly, for 256 bits with fused multiply-adds, or to JavaScript. */
const layers = { narrow: Compute.layer, wide: Compute.wide, fast: Compute.fast, js: Compute.javascript } as const

/** A way to compile programs. */
export type Mode = keyof typeof layers

/** Whether a text names one. */
export const isMode = (mode: string): mode is Mode => Object.hasOwn(layers, mode)

/** The service that runs a mode with some threads. */
export const layerOf = (mode: Mode, threads = 1): Layer.Layer<Compute, UnsupportedError> =>
  threads === 1 ? layers[mode] : layers[mode].pipe(Compute.threads(threads))

/** What Cotangent is called in tables. */
export const nameOf = (mode: Mode, threads = 1): string =>
  threads === 1 ? `cotangent-${mode}` : `cotangent-${mode}, ${threads} threads`
