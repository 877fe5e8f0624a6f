/** Comparing targets: buffers laid out in memory, filled, run through every target, and compared bit for bit. */
import {
  type Buffer,
  Builder,
  bytesOf,
  type DType,
  Interpreter,
  type Kernel,
  type Layout,
  type Program,
  straight
} from "@cotangent/kernel"
import { assert } from "@effect/vitest"
import { emitJavaScript } from "./javascript/emit.ts"
import { type Filling, indexRange, randomValue } from "./randomKernel.test.support.ts"
import { emitWasm, type WasmOptions } from "./wasm/emit.ts"

/** The part of the WebAssembly interface the tests use: this package compiles without the types of the DOM. */
declare const WebAssembly: {
  readonly validate: (bytes: Uint8Array) => boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Memory: new (descriptor: {
    readonly initial: number
    readonly maximum?: number
    readonly shared?: boolean
  }) => { readonly buffer: ArrayBuffer }
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

/** Whether an engine accepts a module. */
export const isValid = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes)

/** The memory that a module has of its own. */
export const memoryOf = (bytes: Uint8Array): ArrayBufferLike => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  // Modules with contents export their memory.
  return (exports as { readonly memory: { readonly buffer: ArrayBufferLike } }).memory.buffer
}

/** The exports of a module over a memory of its own. */
export const instantiate = (
  bytes: Uint8Array,
  pages: number,
  shared = false
): { readonly exports: Readonly<Record<string, (n?: number) => void>>; readonly memory: ArrayBuffer } => {
  const memory = new WebAssembly.Memory(shared ? { initial: pages, maximum: 65_536, shared } : { initial: pages })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  return { exports: { ...exports }, memory: memory.buffer }
}

export interface Plan {
  readonly layout: Layout
  readonly pages: number
}

const page = 65_536

/** Places buffers one after the other, 16 bytes between them, so that a write past a buffer shows. */
export const planOf = (buffers: ReadonlyArray<Buffer>, start = 16): Plan => {
  const layout = new Map<number, number>()
  let address = start
  for (const { id, dtype, length } of buffers) {
    layout.set(id, address)
    address += Math.ceil((length * bytesOf[dtype]) / 16) * 16 + 16
  }
  return { layout, pages: Math.ceil((address + 64) / page) }
}

const writeElement = (view: DataView, buffer: Buffer, address: number, index: number, value: number): void => {
  const at = address + index * bytesOf[buffer.dtype]
  if (buffer.dtype === "f32") view.setFloat32(at, value, true)
  else if (buffer.dtype === "f64") view.setFloat64(at, value, true)
  else if (buffer.dtype === "u32") view.setUint32(at, value, true)
  else view.setInt32(at, value, true)
}

export const writeBuffer = (memory: ArrayBuffer, plan: Plan, buffer: Buffer, values: ReadonlyArray<number>): void => {
  const view = new DataView(memory)
  const address = plan.layout.get(buffer.id) ?? 0
  values.forEach((value, index) => writeElement(view, buffer, address, index, value))
}

export const readBuffer = (memory: ArrayBuffer, plan: Plan, buffer: Buffer): ReadonlyArray<number> => {
  const address = plan.layout.get(buffer.id) ?? 0
  const { dtype, length } = buffer
  if (dtype === "f32") return Array.from(new Float32Array(memory, address, length))
  if (dtype === "f64") return Array.from(new Float64Array(memory, address, length))
  if (dtype === "u32") return Array.from(new Uint32Array(memory, address, length))
  return Array.from(new Int32Array(memory, address, length))
}

/** Fills a buffer with values its readers may assume. */
export const fill = (
  memory: ArrayBuffer,
  plan: Plan,
  buffer: Buffer,
  filling: Filling,
  below: (n: number) => number
): void => {
  const float = (): number => (buffer.dtype === "f32" ? 252 : 2044)
  const value = (): number => {
    switch (filling) {
      case "any":
        return randomValue(buffer.dtype, below)
      case "positive":
        return (1 + below(2 ** 23) / 2 ** 23) * 2 ** (below(float()) - float() / 2)
      case "exponents":
        return below(float()) - float() / 2
      case "indices":
        return below(indexRange)
    }
  }
  writeBuffer(memory, plan, buffer, Array.from({ length: buffer.length }, value))
}

const bytesIn = (memory: ArrayBuffer, from: number, to: number): Uint8Array => new Uint8Array(memory, from, to - from)

/** The first difference between two images, as a sentence; NaNs are equal to each other. */
export const difference = (
  plan: Plan,
  buffers: ReadonlyArray<Buffer>,
  [nameA, a]: readonly [string, ArrayBuffer],
  [nameB, b]: readonly [string, ArrayBuffer]
): string | undefined => {
  let end = 0
  for (const buffer of buffers) {
    const address = plan.layout.get(buffer.id) ?? 0
    const left = readBuffer(a, plan, buffer)
    const right = readBuffer(b, plan, buffer)
    const index = left.findIndex((value, i) => !Object.is(value, right[i]))
    if (index >= 0) return `${buffer.name}[${index}]: ${nameA} ${left[index]}, ${nameB} ${right[index]}`
    const gapA = bytesIn(a, end, address)
    const gapB = bytesIn(b, end, address)
    const gap = gapA.findIndex((byte, i) => byte !== gapB[i])
    if (gap >= 0) return `${nameA} and ${nameB} differ at byte ${end + gap}, before ${buffer.name}`
    end = address + buffer.length * bytesOf[buffer.dtype]
  }
  const restA = bytesIn(a, end, Math.min(a.byteLength, end + 256))
  const restB = bytesIn(b, end, Math.min(a.byteLength, end + 256))
  return restA.every((byte, i) => byte === restB[i]) ? undefined : `${nameA} and ${nameB} differ after the last buffer`
}

/** The two functions every target makes. */
export interface Runnable {
  readonly step: () => void
  readonly run: (n: number) => void
}

/** A program, or kernels that run one after the other. */
export type Runnables = Program | ReadonlyArray<Kernel>

const programOf = (given: Runnables): Program => ("steps" in given ? given : straight(given))

/** Runs a program on a copy of a memory image and returns the copy. */
export type Target = (program: Runnables, plan: Plan, image: ArrayBuffer, steps: number) => ArrayBuffer

export const wasm =
  (options: Partial<WasmOptions> = {}): Target =>
  (program, plan, image, steps) => {
    const bytes = emitWasm(programOf(program), { layout: plan.layout, memoryPages: plan.pages, ...options })
    const { exports, memory } = instantiate(bytes, plan.pages)
    new Uint8Array(memory).set(new Uint8Array(image))
    if (steps === 1) exports.step?.()
    else exports.run?.(steps)
    return memory
  }

export const javaScript: Target = (program, plan, image, steps) => {
  const memory = image.slice(0)
  const make = new Function("memory", emitJavaScript(programOf(program), { layout: plan.layout }))
  // The result is what `emitJavaScript` documents.
  const { step, run } = make(memory) as Runnable
  if (steps === 1) step()
  else run(steps)
  return memory
}

/** The meaning of kernels, which all targets must reproduce. */
export const interpreter: Target = (program, { layout }, image, steps) => {
  const memory = image.slice(0)
  for (let step = 0; step < steps; step++) Interpreter.runProgram(programOf(program), layout, memory)
  return memory
}

/** Every target by name. */
export const targets: ReadonlyArray<readonly [string, Target]> = [
  ["interpreter", interpreter],
  ["wasm", wasm()],
  ["wide wasm", wasm({ wide: true })],
  ["javascript", javaScript]
]

/** Runs one kernel over inputs on every target and compares its output with what is expected, bit for bit. */
export const checkTargets = (
  name: string,
  inputs: ReadonlyArray<readonly [DType, ReadonlyArray<number>]>,
  output: readonly [DType, ReadonlyArray<number>],
  body: (b: Builder.Builder, inputs: ReadonlyArray<Buffer>, output: Buffer) => void
): void => {
  const from = inputs.map(([dtype, values], id): Buffer => ({ id, name: `in ${id}`, dtype, length: values.length }))
  const to: Buffer = { id: inputs.length, name: "out", dtype: output[0], length: output[1].length }
  const plan = planOf([...from, to])
  const image = new ArrayBuffer(plan.pages * 65_536)
  inputs.forEach(([, values], id) => {
    const buffer = from[id]
    if (buffer !== undefined) writeBuffer(image, plan, buffer, values)
  })
  const kernel = Builder.kernel(name, (b) => body(b, from, to))
  for (const [target, run] of targets) {
    assert.deepStrictEqual(readBuffer(run([kernel], plan, image, 1), plan, to), output[1], `${name} on ${target}`)
  }
}
