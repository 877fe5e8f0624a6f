/** A program as a WebAssembly module. */
import { type Kernel, type Layout, loopsAround, type Program } from "@cotangent/kernel"
import { assemble, type Code, type Segment, type WasmFunction } from "./assembler.ts"
import { barrierBody } from "./barrier.ts"
import { emitKernel } from "./kernel.ts"
import { sharedFunctions } from "./sharing.ts"
import { emitSteps, functionBody } from "./steps.ts"

export interface WasmOptions {
  /** Byte address of every buffer. Vectors may read up to 12 bytes past the last buffer: leave room for that. */
  readonly layout: Layout
  /** The least size of the imported memory `env.memory`, in pages of 64 KiB. */
  readonly memoryPages: number
  /**
   * The byte address of the control block of the threads that share the memory, {@link controlBytes} long and zero
   * before the first step. Without it one thread runs everything, divided kernels share by share.
   */
  readonly control?: number
  /** Also exports every kernel by its number, `k0`, `k1`, ..., to be timed alone. */
  readonly exportKernels?: boolean
  /** Chooses instructions that V8 can pair into 256-bit ones (its flag is set by the caller); the bits are the same. */
  readonly wide?: boolean
  /**
   * Adds products to sums without rounding them first, where the processor can (relaxed SIMD): then the bits depend on
   * the machine.
   */
  readonly fused?: boolean
  /** Where given, the memory is not imported: the module has its own, exported as `memory`, with these bytes in it. */
  readonly contents?: ReadonlyArray<Segment>
  /**
   * Writes fewer bytes, for the same bits: kernels that differ only in where their buffers lie are one function, constants
   * are made of scalars, functions have no names. Not together with `exportKernels`.
   */
  readonly compact?: boolean
  /**
   * Text that makes the bytes of the module its own: V8 gives equal bytes the machine code it made before. Wide modules
   * differ from narrow ones in any case.
   */
  readonly salt?: string
}

/** The threads that share kernels of a program. */
const threadsOf = (kernels: ReadonlyArray<Kernel>): number =>
  kernels.find((k) => k.threads !== undefined)?.threads?.extent ?? 1

/**
 * Compiles a program to the bytes of a module. It imports `env.memory`, unless `contents` are given; it exports `step()`, which runs the program
 * once, and `run(n)`, which runs `step` n times. With a control block and divided kernels it exports `serve(thread, n)`
 * as well: every other thread must call it for each call of `run(n)`, with n = 1 for `step()`.
 *
 * Throws an `Error` with a sentence if a buffer has no place in the layout, if an instruction is none the kernel IR
 * defines (the validator finds both), or if a kernel exceeds V8's limits.
 */
export const emitWasm = ({ kernels, steps }: Program, options: WasmOptions): Uint8Array => {
  const { control, layout, compact = false } = options
  const how = { layout, wide: options.wide ?? false, fused: options.fused ?? false, compact }
  const { calls, functions } =
    compact && options.exportKernels !== true
      ? sharedFunctions(kernels, how)
      : {
          calls: kernels.map((_, target) => ({ target, places: [] })),
          functions: kernels.map((kernel, index): WasmFunction => ({
            name: kernel.name,
            parameters: loopsAround(kernel).length,
            body: emitKernel(kernel, how),
            ...(options.exportKernels === true ? { exportedAs: `k${index}` } : {})
          }))
        }
  const define = (made: WasmFunction): number => functions.push(made) - 1
  const threads = threadsOf(kernels)
  if (control === undefined || threads === 1) {
    const body = emitSteps(steps, { kernels, calls, layout, functions })
    const step = define({ name: "step", parameters: 0, body, exportedAs: "step" })
    define({ name: "run", parameters: 1, exportedAs: "run", body: timesBody(1, 0, (code) => code.call(step)) })
  } else {
    const barrier = define({ name: "barrier", parameters: 1, body: barrierBody(control, threads) })
    const body = emitSteps(steps, { kernels, calls, layout, functions, barrier })
    const follow = define({ name: "follow", parameters: 1, body })
    const serve = timesBody(2, 1, (code) => {
      code.get(0)
      code.call(follow)
    })
    const first = (code: Code): void => {
      code.i32(0)
      code.call(follow)
    }
    define({ name: "step", parameters: 0, exportedAs: "step", body: functionBody(0, ({ code }) => first(code)) })
    define({ name: "run", parameters: 1, exportedAs: "run", body: timesBody(1, 0, first) })
    define({ name: "serve", parameters: 2, exportedAs: "serve", body: serve })
  }
  const salt = [...(options.wide === true ? ["wide"] : []), ...(options.salt === undefined ? [] : [options.salt])]
  return assemble({
    functions,
    memoryPages: options.memoryPages,
    shared: control !== undefined,
    nameless: compact,
    ...(options.contents === undefined ? {} : { contents: options.contents }),
    ...(salt.length === 0 ? {} : { salt: salt.join(" ") })
  })
}

/** The body of a function that does something as often as a parameter says. */
const timesBody = (parameters: number, times: number, body: (code: Code) => void): Uint8Array =>
  functionBody(parameters, ({ code }) => {
    code.get(times)
    code.i32(0)
    code.op("i32.gt_s")
    code.open("if")
    code.open("loop")
    body(code)
    code.get(times)
    code.i32(1)
    code.op("i32.sub")
    code.tee(times)
    code.branchIf(0)
    code.end()
    code.end()
  })
