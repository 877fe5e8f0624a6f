/**
 * Runs a kernel directly, instruction by instruction: slow, obviously correct, the oracle whose bits every target must
 * give. Unlike the targets it checks each access against the length of the buffer.
 */
import {
  bytesOf,
  type Buffer,
  type DType,
  type Flag,
  type Index,
  type Instruction,
  type Kernel,
  type Layout,
  type Loop,
  type Program,
  type Register,
  shareOf,
  type Step
} from "./ir.ts"
import * as Semantics from "./semantics.ts"

/** The lanes of a register. */
type Value = ReadonlyArray<number>

/** How an element lies in memory: little-endian, bool as a 4-byte 0 or 1. */
const memoryOf: Readonly<
  Record<
    DType,
    {
      readonly get: (view: DataView, address: number) => number
      readonly set: (view: DataView, address: number, value: number) => void
    }
  >
> = {
  f32: { get: (view, p) => view.getFloat32(p, true), set: (view, p, value) => view.setFloat32(p, value, true) },
  f64: { get: (view, p) => view.getFloat64(p, true), set: (view, p, value) => view.setFloat64(p, value, true) },
  i32: { get: (view, p) => view.getInt32(p, true), set: (view, p, value) => view.setInt32(p, value, true) },
  u32: { get: (view, p) => view.getUint32(p, true), set: (view, p, value) => view.setUint32(p, value, true) },
  bool: {
    get: (view, p) => (view.getInt32(p, true) !== 0 ? 1 : 0),
    set: (view, p, value) => view.setInt32(p, value, true)
  }
}

/** What one run carries from instruction to instruction. */
interface State {
  readonly kernel: Kernel
  readonly layout: Layout
  readonly view: DataView
  readonly values: Map<number, Value>
  /** The current value of every loop index. */
  readonly loops: Map<number, number>
}

const read = (state: State, register: Register): Value => {
  const value = state.values.get(register.id)
  if (value === undefined) {
    throw new ReferenceError(`kernel ${state.kernel.name} reads register r${register.id} before it is defined`)
  }
  return value
}

/** A scalar register's value. */
const readScalar = (state: State, register: Register): number => read(state, register)[0] ?? NaN

const loopValue = (state: State, loop: Loop): number => {
  const value = state.loops.get(loop.id)
  if (value === undefined) {
    throw new ReferenceError(`kernel ${state.kernel.name} uses the index of loop i${loop.id} outside that loop`)
  }
  return value
}

const position = (state: State, index: Index): number =>
  index.terms.reduce(
    (sum, { loop, stride }) => sum + stride * loopValue(state, loop),
    index.offset + (index.dynamic === undefined ? 0 : readScalar(state, index.dynamic))
  )

const address = (state: State, buffer: Buffer, element: number): number => {
  const start = state.layout.get(buffer.id)
  if (start === undefined) {
    throw new RangeError(`kernel ${state.kernel.name} needs buffer ${buffer.name}, which the layout does not place`)
  }
  if (element < 0 || element >= buffer.length) {
    throw new RangeError(
      `kernel ${state.kernel.name} accesses element ${element} of buffer ${buffer.name}, which has ${buffer.length}`
    )
  }
  return start + element * bytesOf[buffer.dtype]
}

const lanesOf = (register: Register): ReadonlyArray<number> => Array.from({ length: register.type.lanes }, (_, j) => j)

/** Carries out one instruction. */
const execute = (state: State, instruction: Instruction): void => {
  const define = (out: Register, lane: (j: number) => number): void => {
    state.values.set(out.id, lanesOf(out).map(lane))
  }
  const lanes = (register: Register): ((j: number) => number) => {
    const value = read(state, register)
    return (j) => value[j] ?? NaN
  }
  switch (instruction.tag) {
    case "const":
      return define(instruction.out, () => instruction.value)
    case "load": {
      const { buffer, index, laneStride, out } = instruction
      const first = position(state, index)
      const { get } = memoryOf[buffer.dtype]
      return define(out, (j) => get(state.view, address(state, buffer, first + j * laneStride)))
    }
    case "store": {
      const { buffer, index, laneStride, value } = instruction
      const first = position(state, index)
      const { set } = memoryOf[buffer.dtype]
      return read(state, value).forEach((lane, j) =>
        set(state.view, address(state, buffer, first + j * laneStride), lane)
      )
    }
    case "unary": {
      const a = lanes(instruction.a)
      const apply = Semantics.unary(instruction.op, instruction.a.type.dtype)
      return define(instruction.out, (j) => apply(a(j)))
    }
    case "binary": {
      const a = lanes(instruction.a)
      const b = lanes(instruction.b)
      const apply = Semantics.binary(instruction.op, instruction.a.type.dtype)
      return define(instruction.out, (j) => apply(a(j), b(j)))
    }
    case "compare": {
      const a = lanes(instruction.a)
      const b = lanes(instruction.b)
      const apply = Semantics.compare[instruction.op]
      return define(instruction.out, (j) => (apply(a(j), b(j)) ? 1 : 0))
    }
    case "select": {
      const condition = lanes(instruction.condition)
      const a = lanes(instruction.a)
      const b = lanes(instruction.b)
      return define(instruction.out, (j) => (condition(j) !== 0 ? a(j) : b(j)))
    }
    case "cast": {
      const a = lanes(instruction.a)
      const apply = Semantics.cast(instruction.a.type.dtype, instruction.out.type.dtype)
      return define(instruction.out, (j) => apply(a(j)))
    }
    case "splat": {
      const a = readScalar(state, instruction.a)
      return define(instruction.out, () => a)
    }
    case "extract": {
      const a = lanes(instruction.a)
      return define(instruction.out, () => a(instruction.lane))
    }
    case "extend": {
      const a = lanes(instruction.a)
      return define(instruction.out, (j) => (j < instruction.a.type.lanes ? a(j) : instruction.fill))
    }
    case "combine": {
      const a = read(state, instruction.a)
      return define(instruction.out, () => Semantics.combine(instruction.op, instruction.a.type.dtype, a))
    }
    case "loopIndex": {
      const index = loopValue(state, instruction.loop)
      return define(instruction.out, (j) => index + j)
    }
    case "variable":
      return define(instruction.out, lanes(instruction.initial))
    case "assign":
      return define(instruction.variable, lanes(instruction.value))
    case "for": {
      const { extent, id, step } = instruction.loop
      const { share } = instruction
      const [first, end] =
        share === undefined ? [0, Infinity] : shareOf(instruction.loop, loopValue(state, share), share.extent)
      for (let index = first * step; index < Math.min(extent, end * step); index += step) {
        state.loops.set(id, index)
        for (const inner of instruction.body) execute(state, inner)
      }
      state.loops.delete(id)
    }
  }
}

/**
 * Runs a kernel over a memory in which every buffer lies at its address in `layout` (in bytes); `around` has the indices
 * of the loops around it.
 *
 * Throws a RangeError for an access outside a buffer or a buffer without an address, a ReferenceError for a register or
 * loop index used before it exists.
 */
export const run = (
  kernel: Kernel,
  layout: Layout,
  memory: ArrayBuffer,
  around: ReadonlyMap<number, number> = new Map()
): void => {
  const state: State = { kernel, layout, view: new DataView(memory), values: new Map(), loops: new Map(around) }
  for (const instruction of kernel.body) execute(state, instruction)
}

/** Runs a program once. Throws as `run` does. */
export const runProgram = ({ kernels, steps }: Program, layout: Layout, memory: ArrayBuffer): void => {
  const view = new DataView(memory)
  const loops = new Map<number, number>()
  const isSet = ({ buffer, index }: Flag): boolean => {
    const element = index.terms.reduce(
      (sum, { loop, stride }) => sum + stride * (loops.get(loop.id) ?? 0),
      index.offset
    )
    const start = layout.get(buffer.id)
    if (start === undefined) throw new RangeError(`a flag lies in ${buffer.name}, which the layout does not place`)
    return view.getInt32(start + element * bytesOf[buffer.dtype], true) !== 0
  }
  const follow = (body: ReadonlyArray<Step>): void => {
    for (const step of body) {
      switch (step.tag) {
        case "call": {
          const kernel = kernels[step.kernel]
          if (kernel === undefined) throw new RangeError(`a program calls kernel ${step.kernel}, which does not exist`)
          const { threads } = kernel
          // The last thread first: nothing may depend on the order.
          for (let thread = (threads?.extent ?? 1) - 1; thread >= 0; thread--)
            run(kernel, layout, memory, threads === undefined ? loops : new Map(loops).set(threads.id, thread))
          break
        }
        case "repeat":
          for (let i = 0; i < step.loop.extent; i += step.loop.step) {
            loops.set(step.loop.id, i)
            follow(step.body)
          }
          loops.delete(step.loop.id)
          break
        case "while":
          for (follow(step.test); isSet(step.flag); follow(step.test)) follow(step.body)
          break
        case "branch":
          follow(isSet(step.flag) ? step.whenSet : step.whenNot)
      }
    }
  }
  follow(steps)
}
