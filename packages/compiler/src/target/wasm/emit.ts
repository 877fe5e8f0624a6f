/** Kernels as a WebAssembly module. */
import type { Kernel, Layout } from "@cotangent/kernel"
import { assemble, makeBytes, makeCode, type WasmFunction } from "./assembler.ts"
import { emitKernel } from "./kernel.ts"

export interface WasmOptions {
  /** Byte address of every buffer. Vectors may read up to 12 bytes past the last buffer: leave room for that. */
  readonly layout: Layout
  /** The least size of the imported memory `env.memory`, in pages of 64 KiB. */
  readonly memoryPages: number
  /** Whether the memory is shared between threads. */
  readonly shared?: boolean
  /** Also exports every kernel by its number, `k0`, `k1`, ..., to be timed alone. */
  readonly exportKernels?: boolean
  /** Chooses instructions that V8 can pair into 256-bit ones (its flag is set by the caller); the bits are the same. */
  readonly wide?: boolean
  /**
   * Text that makes the bytes of the module its own: V8 gives equal bytes the machine code it made before. Wide modules
   * differ from narrow ones in any case.
   */
  readonly salt?: string
}

/** How many calls one function makes before a further function is begun. */
const callsPerFunction = 1000

const bodyOf = (write: (code: ReturnType<typeof makeCode>) => void): Uint8Array => {
  const code = makeCode()
  write(code)
  code.end()
  const bytes = makeBytes()
  bytes.unsigned(0)
  bytes.append(code.take())
  return bytes.take()
}

const calling = (first: number, end: number): Uint8Array =>
  bodyOf((code) => {
    for (let target = first; target < end; target++) code.call(target)
  })

/**
 * Compiles kernels to the bytes of a module. It imports `env.memory`; it exports `step()`, which runs all kernels once
 * in order, and `run(n)`, which runs `step` n times.
 *
 * Throws an `Error` with a sentence if a buffer has no place in the layout, if an instruction is none the kernel IR
 * defines (the validator finds both), or if a kernel exceeds V8's limits.
 */
export const emitWasm = (kernels: ReadonlyArray<Kernel>, options: WasmOptions): Uint8Array => {
  const functions: Array<WasmFunction> = kernels.map((kernel, index) => ({
    name: kernel.name,
    parameters: 0,
    body: emitKernel(kernel, options.layout, options.wide ?? false),
    ...(options.exportKernels === true ? { exportedAs: `k${index}` } : {})
  }))
  let first = 0
  while (functions.length - first > callsPerFunction) {
    const level = functions.length
    for (let from = first; from < level; from += callsPerFunction) {
      functions.push({
        name: `kernels ${from} to ${Math.min(from + callsPerFunction, level) - 1}`,
        parameters: 0,
        body: calling(from, Math.min(from + callsPerFunction, level))
      })
    }
    first = level
  }
  const step = functions.length
  functions.push({ name: "step", parameters: 0, body: calling(first, step), exportedAs: "step" })
  functions.push({
    name: "run",
    parameters: 1,
    exportedAs: "run",
    body: bodyOf((code) => {
      code.get(0)
      code.i32(0)
      code.op("i32.gt_s")
      code.open("if")
      code.open("loop")
      code.call(step)
      code.get(0)
      code.i32(1)
      code.op("i32.sub")
      code.tee(0)
      code.branchIf(0)
      code.end()
      code.end()
    })
  })
  const salt = [...(options.wide === true ? ["wide"] : []), ...(options.salt === undefined ? [] : [options.salt])]
  return assemble({
    functions,
    memoryPages: options.memoryPages,
    shared: options.shared ?? false,
    ...(salt.length === 0 ? {} : { salt: salt.join(" ") })
  })
}
