/** Kernels as JavaScript source. */
import type { Kernel, Layout } from "@cotangent/kernel"
import { emitKernel, functionName } from "./kernel.ts"
import { preludes } from "./operations.ts"

export interface JavaScriptOptions {
  /** Byte address of every buffer. */
  readonly layout: Layout
}

const views: ReadonlyArray<readonly [string, string]> = [
  ["F32", "const F32 = new Float32Array(memory)"],
  ["F64", "const F64 = new Float64Array(memory, 0, Math.floor(memory.byteLength / 8))"],
  ["I32", "const I32 = new Int32Array(memory)"],
  ["U32", "const U32 = new Uint32Array(memory)"]
]

/** The declarations the source of the kernels uses, in order. */
const declarations = (source: string): ReadonlyArray<string> => {
  const uses = (name: string, text: string): boolean => new RegExp(`\\b${name}[[(]`).test(text)
  const called = preludes.filter(({ name }) => uses(name, source))
  const wanted = preludes.filter(({ name }) =>
    called.some((prelude) => prelude.name === name || prelude.needs === name || uses(name, prelude.source))
  )
  return [
    ...views.filter(([name]) => uses(name, source)).map(([, declaration]) => declaration),
    ...wanted.map((prelude) => prelude.source)
  ]
}

/**
 * Compiles kernels to the body of a function of `memory: ArrayBuffer` that returns `step()`, which runs all kernels
 * once in order, and `run(n)`, which runs `step` n times; made callable by `new Function("memory", source)`. It
 * computes the same bits as the WebAssembly of the same kernels.
 *
 * Throws an `Error` with a sentence if a buffer has no place in the layout or if an instruction is none the kernel IR
 * defines (the validator finds both).
 */
export const emitJavaScript = (kernels: ReadonlyArray<Kernel>, options: JavaScriptOptions): string => {
  const names = kernels.map(functionName)
  const functions = kernels.flatMap((kernel, index) => [
    ...emitKernel(kernel, names[index] ?? `k${index}`, options.layout),
    ""
  ])
  const source = functions.join("\n")
  return [
    '"use strict"',
    ...declarations(source),
    "",
    source,
    "function step() {",
    ...names.map((name) => `  ${name}()`),
    "}",
    "",
    "function run(n) {",
    "  for (let i = 0; i < n; i++) step()",
    "}",
    "",
    "return { step, run }",
    ""
  ].join("\n")
}
