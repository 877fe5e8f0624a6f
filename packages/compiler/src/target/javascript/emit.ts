/** A program as JavaScript source. */
import {
  Builder,
  bytesOf,
  type Flag,
  type Kernel,
  type Layout,
  type Loop,
  type Program,
  type Step
} from "@cotangent/kernel"
import { emitKernel, functionName, indexName } from "./kernel.ts"
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

const readFlag = (layout: Layout, flag: Flag): string => {
  const { buffer, index } = Builder.placeIn(flag.buffer, flag.index)
  const base = layout.get(buffer.id)
  if (base === undefined) throw new Error(`The buffer ${buffer.name} has no address: the layout must place every flag.`)
  const terms = index.terms.map(({ loop, stride }) => `${indexName(loop)} * ${stride}`)
  return `I32[${[...terms, String(base / bytesOf[buffer.dtype] + index.offset)].join(" + ")}] !== 0`
}

/** What statements refer to. */
interface Source {
  readonly kernels: ReadonlyArray<Kernel>
  readonly names: ReadonlyArray<string>
  readonly layout: Layout
}

/** The calls of a kernel: one, or one for each of the threads that share it, of which JavaScript has one. */
const calls = (kernel: Kernel | undefined, name: string, around: ReadonlyArray<Loop>): ReadonlyArray<string> => {
  const indices = around.map(indexName)
  const { threads } = kernel ?? {}
  if (threads === undefined) return [`${name}(${indices.join(", ")})`]
  return Array.from({ length: threads.extent }, (_, thread) => `${name}(${[...indices, thread].join(", ")})`)
}

/** Steps as statements; `around` are the loops they stand in, whose indices every kernel takes. */
const statements = (
  steps: ReadonlyArray<Step>,
  { kernels, names, layout }: Source,
  around: ReadonlyArray<Loop>
): ReadonlyArray<string> => {
  const inner = (body: ReadonlyArray<Step>, loops = around) =>
    statements(body, { kernels, names, layout }, loops).map((line) => `  ${line}`)
  return steps.flatMap((step) => {
    switch (step.tag) {
      case "call":
        return calls(kernels[step.kernel], names[step.kernel] ?? "", around)
      case "repeat": {
        const { loop, body } = step
        const name = indexName(loop)
        return [
          `for (let ${name} = 0; ${name} < ${loop.extent}; ${name} += ${loop.step}) {`,
          ...inner(body, [...around, loop]),
          "}"
        ]
      }
      case "while":
        return [
          "while (true) {",
          ...inner(step.test),
          `  if (!(${readFlag(layout, step.flag)})) break`,
          ...inner(step.body),
          "}"
        ]
      case "branch":
        return [
          `if (${readFlag(layout, step.flag)}) {`,
          ...inner(step.whenSet),
          "} else {",
          ...inner(step.whenNot),
          "}"
        ]
    }
  })
}

/**
 * Compiles a program to the body of a function of `memory: ArrayBuffer` that returns `step()`, which runs the program
 * once, and `run(n)`, which runs `step` n times; made callable by `new Function("memory", source)`. It
 * computes the same bits as the WebAssembly of the same kernels.
 *
 * Throws an `Error` with a sentence if a buffer has no place in the layout or if an instruction is none the kernel IR
 * defines (the validator finds both).
 */
export const emitJavaScript = ({ kernels, steps }: Program, { layout }: JavaScriptOptions): string => {
  const names = kernels.map(functionName)
  const functions = kernels.flatMap((kernel, index) => [...emitKernel(kernel, names[index] ?? `k${index}`, layout), ""])
  const source = [
    ...functions,
    "function step() {",
    ...statements(steps, { kernels, names, layout }, []).map((line) => `  ${line}`),
    "}"
  ].join("\n")
  return [
    '"use strict"',
    ...declarations(source),
    "",
    source,
    "",
    "function run(n) {",
    "  for (let i = 0; i < n; i++) step()",
    "}",
    "",
    "return { step, run }",
    ""
  ].join("\n")
}
