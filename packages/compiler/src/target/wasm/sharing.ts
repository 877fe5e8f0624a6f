/**
 * Kernels that differ only in where their buffers lie, as one function that is given the places: the layers of a model of
 * equal blocks are the same code.
 *
 * Two kernels are the same function of their buffers if their code is the same once every buffer is a parameter. Buffers
 * that lie at the same place in all of them stay constants, and those that move together are one parameter.
 */
import { type Instruction, type Kernel, type Layout, loopsAround } from "@cotangent/kernel"
import type { WasmFunction } from "./assembler.ts"
import { emitKernel, type KernelOptions } from "./kernel.ts"
import type { KernelCall } from "./steps.ts"

/** What a call says about one more place: an instruction and an address. */
const bytesOfPlace = 4

/** The buffers of a kernel in the order of their first use. */
const buffersOf = (kernel: Kernel): ReadonlyArray<number> => {
  const found = new Set<number>()
  const visit = (body: ReadonlyArray<Instruction>): void => {
    for (const instruction of body)
      if (instruction.tag === "for") visit(instruction.body)
      else if (instruction.tag === "load" || instruction.tag === "store") found.add(instruction.buffer.id)
  }
  visit(kernel.body)
  return [...found]
}

/** Code as text, for comparison. */
const textOf = (bytes: Uint8Array): string => bytes.reduce((text, byte) => text + String.fromCharCode(byte), "")

/** A kernel with its buffers and the code it has if the places of all of them are given. */
interface Form {
  readonly kernel: Kernel
  readonly index: number
  readonly buffers: ReadonlyArray<number>
  readonly text: string
}

/** The places of the buffers of some kernels of one form, by parameter: those that are not the same for all. */
interface Parameters {
  /** The parameter of each buffer of the first kernel, if it has one. */
  readonly placed: ReadonlyMap<number, number>
  /** For each kernel the places it is called with. */
  readonly places: ReadonlyArray<ReadonlyArray<number>>
}

const parametersOf = (forms: ReadonlyArray<Form>, layout: Layout): Parameters => {
  const [first] = forms
  const numbers = new Map<string, number>()
  const columns: Array<ReadonlyArray<number>> = []
  const placed = new Map<number, number>()
  first?.buffers.forEach((buffer, i) => {
    const column = forms.map(({ buffers }) => layout.get(buffers[i] ?? -1) ?? 0)
    if (column.every((place) => place === column[0])) return
    const key = column.join()
    const number = numbers.get(key) ?? columns.push(column) - 1
    numbers.set(key, number)
    placed.set(buffer, number)
  })
  return { placed, places: forms.map((_, k) => columns.map((column) => column[k] ?? 0)) }
}

/** The functions of kernels, equal ones once, and how each kernel is called. */
export const sharedFunctions = (
  kernels: ReadonlyArray<Kernel>,
  how: KernelOptions
): { readonly calls: ReadonlyArray<KernelCall>; readonly functions: Array<WasmFunction> } => {
  const forms = Map.groupBy(
    kernels.map((kernel, index): Form => {
      const buffers = buffersOf(kernel)
      const all = new Map(buffers.map((buffer, number) => [buffer, number]))
      return { kernel, index, buffers, text: `${loopsAround(kernel).length} ${textOf(emitKernel(kernel, how, all))}` }
    }),
    ({ text }) => text
  )
  const functions: Array<WasmFunction> = []
  const calls: Array<KernelCall> = []
  const define = ({ name }: Kernel, parameters: number, body: Uint8Array): number =>
    functions.push({ name, parameters, body }) - 1
  for (const group of forms.values()) {
    const [first] = group
    if (first === undefined) continue
    const { kernel } = first
    const around = loopsAround(kernel).length
    const { placed, places } = parametersOf(group, how.layout)
    const [given = []] = places
    const body = emitKernel(kernel, how, placed)
    const saved = (group.length - 1) * body.length - group.length * given.length * bytesOfPlace
    if (group.length > 1 && saved > 0) {
      const target = define(kernel, around + given.length, body)
      group.forEach(({ index }, k) => (calls[index] = { target, places: places[k] ?? [] }))
    } else
      for (const form of group)
        calls[form.index] = { target: define(form.kernel, around, emitKernel(form.kernel, how)), places: [] }
  }
  return { calls, functions }
}
