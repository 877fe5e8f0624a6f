/**
 * The order of kernels as code: calls, loops around calls, branches.
 *
 * Several threads all follow the same steps. They share the kernels that are divided; the first thread runs the others
 * while the rest go on to the next barrier. A barrier stands wherever work changes hands.
 */
import { Builder, bytesOf, type Flag, type Kernel, type Layout, type Loop, type Step } from "@cotangent/kernel"
import { type Code, type Locals, makeBytes, makeCode, makeLocals, type WasmFunction } from "./assembler.ts"

/** How many steps one function has before a further function is begun. */
const stepsPerFunction = 1000

/** A function body with its locals. */
export const functionBody = (
  parameters: number,
  write: (frame: { readonly code: Code; readonly locals: Locals }) => void
): Uint8Array => {
  const frame = { code: makeCode(), locals: makeLocals(parameters) }
  write(frame)
  frame.code.end()
  const bytes = makeBytes()
  frame.locals.encode(bytes)
  bytes.append(frame.code.take())
  return bytes.take()
}

/** Several threads at the same steps. */
interface Crew {
  /** The local that holds the number of this thread. */
  readonly thread: number
  /** The function that returns when all threads have called it. */
  readonly barrier: number
  /** What was done since the last barrier: by the first thread alone, by all of them. */
  readonly since: { alone: boolean; together: boolean }
}

interface Frame {
  readonly code: Code
  readonly locals: Locals
  readonly layout: Layout
  readonly functions: Array<WasmFunction>
  readonly kernels: ReadonlyArray<Kernel>
  readonly calls: ReadonlyArray<KernelCall>
  /** The loops around, outermost first, and the locals that hold their indices. */
  readonly around: ReadonlyArray<readonly [Loop, number]>
  /** Absent where one thread does everything. */
  readonly crew?: Crew
}

/** Reads a flag. */
const readFlag = ({ code, layout, around }: Frame, flag: Flag): void => {
  const { buffer, index } = Builder.placeIn(flag.buffer, flag.index)
  const base = layout.get(buffer.id)
  if (base === undefined) throw new Error(`The buffer ${buffer.name} has no address: the layout must place every flag.`)
  const bytes = bytesOf[buffer.dtype]
  code.i32(base + index.offset * bytes)
  for (const { loop, stride } of index.terms) {
    const local = around.find(([{ id }]) => id === loop.id)?.[1]
    if (local === undefined) throw new Error(`A flag uses the loop ${loop.id} outside of its body.`)
    code.get(local)
    code.i32(stride * bytes)
    code.op("i32.mul")
    code.op("i32.add")
  }
  code.memory("i32.load", 2, 0)
}

/** Calls a function that takes the indices of all loops around. */
const call = ({ code, around }: Frame, target: number, ...more: ReadonlyArray<() => void>): void => {
  for (const [, local] of around) code.get(local)
  for (const push of more) push()
  code.call(target)
}

/** Waits for the other threads, if work was done that somebody may wait for. */
const meet = ({ code, crew }: Frame): void => {
  if (crew === undefined || !(crew.since.alone || crew.since.together)) return
  code.get(crew.thread)
  code.call(crew.barrier)
  crew.since.alone = false
  crew.since.together = false
}

/** Calls a kernel: all threads their share, or one thread all shares one after another. */
const callKernel = (frame: Frame, index: number): void => {
  const { calls, code, crew, kernels } = frame
  const { target, places } = calls[index] ?? { target: index, places: [] }
  const threads = kernels[index]?.threads
  const given = places.map((place) => () => code.i32(place))
  if (threads === undefined) return call(frame, target, ...given)
  if (crew === undefined)
    for (let thread = 0; thread < threads.extent; thread++) call(frame, target, () => code.i32(thread), ...given)
  else {
    meet(frame)
    call(frame, target, () => code.get(crew.thread), ...given)
    crew.since.together = true
  }
}

/** Reads a flag into a new local, which every thread has read before anybody goes on. */
const flagLocal = (frame: Frame, flag: Flag): number => {
  const local = frame.locals.take("i32")
  meet(frame)
  readFlag(frame, flag)
  frame.code.set(local)
  if (frame.crew !== undefined) frame.crew.since.together = true
  meet(frame)
  return local
}

const emitStep = (frame: Frame, step: Step): void => {
  const { code, locals, around } = frame
  switch (step.tag) {
    case "call":
      return callKernel(frame, step.kernel)
    case "repeat": {
      const { loop, body } = step
      if (loop.extent <= 0) return
      meet(frame)
      const local = locals.take("i32")
      code.i32(0)
      code.set(local)
      code.open("loop")
      const inside = { ...frame, around: [...around, [loop, local] as const] }
      emitList(inside, body)
      meet(inside)
      code.get(local)
      code.i32(loop.step)
      code.op("i32.add")
      code.tee(local)
      code.i32(loop.extent)
      code.op("i32.lt_s")
      code.branchIf(0)
      code.end()
      locals.release(local)
      return
    }
    case "while": {
      meet(frame)
      emitList(frame, step.test)
      const entered = flagLocal(frame, step.flag)
      code.get(entered)
      code.open("if")
      code.open("loop")
      emitList(frame, step.body)
      emitList(frame, step.test)
      const again = flagLocal(frame, step.flag)
      code.get(again)
      code.branchIf(0)
      code.end()
      code.end()
      locals.release(entered)
      locals.release(again)
      return
    }
    case "branch": {
      // The flag is read once: its memory may serve the branches.
      const local = flagLocal(frame, step.flag)
      code.get(local)
      code.open("if")
      emitList(frame, step.whenSet)
      meet(frame)
      code.end()
      code.get(local)
      code.op("i32.eqz")
      code.open("if")
      emitList(frame, step.whenNot)
      meet(frame)
      code.end()
      locals.release(local)
    }
  }
}

/** Whether threads share any kernel of a step. */
const isShared = (kernels: ReadonlyArray<Kernel>, step: Step): boolean => {
  const any = (steps: ReadonlyArray<Step>): boolean => steps.some((inner) => isShared(kernels, inner))
  switch (step.tag) {
    case "call":
      return kernels[step.kernel]?.threads !== undefined
    case "repeat":
      return any(step.body)
    case "while":
      return any(step.test) || any(step.body)
    case "branch":
      return any(step.whenSet) || any(step.whenNot)
  }
}

/** Steps in order. With a crew, what threads do not share is done by the first of them. */
const emitInOrder = (frame: Frame, steps: ReadonlyArray<Step>): void => {
  const { code, crew, kernels } = frame
  if (crew === undefined) {
    for (const step of steps) emitStep(frame, step)
    return
  }
  const { crew: _, ...single } = frame
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    if (step === undefined) continue
    if (isShared(kernels, step)) {
      emitStep(frame, step)
      continue
    }
    if (crew.since.together) meet(frame)
    code.get(crew.thread)
    code.op("i32.eqz")
    code.open("if")
    emitStep(single, step)
    for (let next = steps[i + 1]; next !== undefined && !isShared(kernels, next); next = steps[++i + 1])
      emitStep(single, next)
    code.end()
    crew.since.alone = true
  }
}

/** Steps in order; very many of them become functions of their own, for V8 limits the size of one. */
const emitList = (frame: Frame, steps: ReadonlyArray<Step>): void => {
  if (steps.length <= stepsPerFunction) return emitInOrder(frame, steps)
  const size = Math.ceil(steps.length / Math.ceil(steps.length / stepsPerFunction))
  const { code, crew, functions, around } = frame
  // Parameters stand first among the locals, in the order of the loops, the thread last.
  const inside = around.map(([loop], parameter) => [loop, parameter] as const)
  const parameters = around.length + (crew === undefined ? 0 : 1)
  const targets: Array<number> = []
  for (let from = 0; from < steps.length; from += size) {
    const part = steps.slice(from, from + size)
    const body = functionBody(parameters, (own) => {
      const since = { alone: false, together: false }
      const within = {
        ...frame,
        ...own,
        around: inside,
        ...(crew === undefined ? {} : { crew: { ...crew, thread: around.length, since } })
      }
      emitList(within, part)
      meet(within)
    })
    targets.push(functions.length)
    functions.push({ name: `steps ${from} to ${from + part.length - 1}`, parameters, body })
  }
  if (targets.length > stepsPerFunction)
    throw new Error(`A program of ${steps.length} steps in one place is too long: split it.`)
  meet(frame)
  for (const target of targets) {
    if (crew === undefined) call(frame, target)
    else call(frame, target, () => code.get(crew.thread))
  }
}

/** How a kernel is called: the function, and the places of buffers that it is given. */
export interface KernelCall {
  readonly target: number
  readonly places: ReadonlyArray<number>
}

/** What steps are emitted with. */
export interface StepsOptions {
  readonly kernels: ReadonlyArray<Kernel>
  /** How each of them is called. */
  readonly calls: ReadonlyArray<KernelCall>
  readonly layout: Layout
  /** The functions so far, the kernels first; those needed besides are appended. */
  readonly functions: Array<WasmFunction>
  /** The function of the barrier, where several threads follow the steps: then their number is the parameter. */
  readonly barrier?: number
}

/** The body of a function that follows the steps once. */
export const emitSteps = (steps: ReadonlyArray<Step>, options: StepsOptions): Uint8Array => {
  const { barrier, ...given } = options
  return functionBody(barrier === undefined ? 0 : 1, (own) => {
    const since = { alone: false, together: false }
    const frame = {
      ...own,
      ...given,
      around: [],
      ...(barrier === undefined ? {} : { crew: { thread: 0, barrier, since } })
    }
    emitList(frame, steps)
    meet(frame)
  })
}
