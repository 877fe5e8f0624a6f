/** One kernel as the body of a WebAssembly function: instructions in order, loops over pointers. */
import { type Instruction, type Kernel, type Layout, type Loop, loopsAround, type Register } from "@cotangent/kernel"
import { makeBytes, makeCode } from "./assembler.ts"
import { splatOf } from "./constants.ts"
import { deferrable } from "./deferral.ts"
import {
  type Deferred,
  type Frame,
  halvesOf,
  makeFrame,
  own,
  settleReaders,
  take,
  unsupported,
  valueOf,
  valueTypeOf
} from "./frame.ts"
import { emitBinary, emitCast, emitCompare, emitSelect, emitUnary } from "./lanewise.ts"
import { emitLoad, emitStore } from "./memory.ts"
import { toolsOf } from "./pairing.ts"
import { type Places, planLoops, type Pointer } from "./pointers.ts"
import { emitCombine, emitExtend, emitExtract, emitLoopIndex, emitSplat } from "./reshape.ts"

const emitConstant = (frame: Frame, out: Register, value: number): ReadonlyArray<number> => {
  const { dtype, lanes } = out.type
  const { constants } = toolsOf(frame, out.type)
  const local = lanes === 1 ? constants.scalar(dtype, value) : constants.words(splatOf(dtype, value))
  frame.literals.set(out.id, value)
  return Array.from({ length: halvesOf(out.type) }, () => local)
}

const copyTo = (frame: Frame, targets: ReadonlyArray<number>, value: Deferred): void =>
  targets.forEach((target, half) => {
    value.push(half)
    frame.code.set(target)
  })

const emitInstruction = (frame: Frame, instruction: Instruction): void => {
  const { values } = frame
  switch (instruction.tag) {
    case "const":
      values.set(instruction.out.id, emitConstant(frame, instruction.out, instruction.value))
      return
    case "load":
      values.set(instruction.out.id, emitLoad(frame, instruction))
      return
    case "store":
      emitStore(frame, instruction)
      return
    case "unary":
      emitUnary(frame, instruction)
      return
    case "binary":
      emitBinary(frame, instruction)
      return
    case "compare":
      emitCompare(frame, instruction)
      return
    case "select":
      emitSelect(frame, instruction)
      return
    case "cast":
      emitCast(frame, instruction.out, instruction.a)
      return
    case "splat":
      values.set(instruction.out.id, emitSplat(frame, instruction.out, instruction.a))
      return
    case "extract":
      values.set(instruction.out.id, emitExtract(frame, instruction.out, instruction.a, instruction.lane))
      return
    case "extend":
      values.set(instruction.out.id, emitExtend(frame, instruction.out, instruction.a, instruction.fill))
      return
    case "combine":
      values.set(instruction.out.id, emitCombine(frame, instruction))
      return
    case "loopIndex":
      values.set(instruction.out.id, emitLoopIndex(frame, instruction.out, instruction.loop))
      return
    case "variable": {
      const { out, initial } = instruction
      const targets = Array.from({ length: halvesOf(out.type) }, () => own(frame, valueTypeOf(out.type)))
      copyTo(frame, targets, take(frame, initial))
      frame.variables.add(out.id)
      values.set(out.id, targets)
      return
    }
    case "assign": {
      const value = take(frame, instruction.value)
      settleReaders(frame, (read) => read.has(instruction.variable.id))
      copyTo(frame, valueOf(frame, instruction.variable), value)
      return
    }
    case "for":
      settleReaders(frame, (read) => read.size > 0)
      if (instruction.share === undefined) emitLoop(frame, instruction.loop, instruction.body)
      else emitShare(frame, instruction.loop, instruction.share, instruction.body)
      return
  }
}

const emitBody = (frame: Frame, body: ReadonlyArray<Instruction>): void => {
  frame.scopes.push({ owned: [], addresses: new Map() })
  for (const instruction of body) emitInstruction(frame, instruction)
  const scope = frame.scopes.pop()
  for (const local of scope?.owned ?? []) frame.locals.release(local)
}

/** The local that a pointer starts from, if any: the pointer before it, or the place of its buffer. */
const startOf = (frame: Frame, { parent, place }: Pointer): number | undefined =>
  parent === undefined ? place : frame.pointers.get(parent)

/**
 * A counted loop with its test at the bottom. The test reads a value from before the step, `index < last`: the form
 * in which V8 finds out the number of iterations, and then drops the stack check of the loop. A pointer that starts at
 * a constant and counts up serves as the index; otherwise, or if the body reads the index, there is a counter.
 */
const emitLoop = (frame: Frame, loop: Loop, body: ReadonlyArray<Instruction>): void => {
  const { code, locals } = frame
  const plan = frame.plans.get(loop.id)
  if (plan === undefined) throw unsupported(frame, `the unknown loop ${loop.id}`)
  frame.nest.push(loop)
  if (plan.iterations <= 1) {
    if (plan.indexed) frame.indices.set(loop.id, frame.constants.scalar("i32", 0))
    if (plan.iterations === 1) emitBody(frame, body)
    frame.nest.pop()
    return
  }
  const pointers = plan.pointers.map((pointer) => {
    const local = locals.take("i32")
    frame.pointers.set(pointer.key, local)
    const parent = startOf(frame, pointer)
    if (parent === undefined) code.i32(pointer.start)
    else {
      code.get(parent)
      if (pointer.start !== 0) {
        code.i32(pointer.start)
        code.op("i32.add")
      }
    }
    code.set(local)
    return { ...pointer, local }
  })
  const counting = plan.indexed
    ? undefined
    : pointers.find(({ parent, place, stride }) => parent === undefined && place === undefined && stride > 0)
  const moved = pointers.map(({ local, stride }) => ({ local, stride }))
  const counter = counting ?? { local: locals.take("i32"), stride: loop.step }
  if (counting === undefined) {
    moved.push(counter)
    code.i32(0)
    code.set(counter.local)
    frame.indices.set(loop.id, counter.local)
  }
  code.open("loop")
  frame.written.clear()
  emitBody(frame, body)
  frame.written.clear()
  code.get(counter.local)
  code.i32((plan.iterations - 1) * counter.stride)
  code.op("i32.lt_u")
  for (const { local, stride } of moved) {
    code.get(local)
    code.i32(stride)
    code.op("i32.add")
    code.set(local)
  }
  code.branchIf(0)
  code.end()
  for (const { local } of moved) locals.release(local)
  frame.nest.pop()
}

/** Pushes the number of the first iteration of a share: floor(n (t + plus) / T) for thread t of T. */
const pushBound = (frame: Frame, iterations: number, share: Loop, plus: 0 | 1): void => {
  const { code, indices } = frame
  const thread = indices.get(share.id)
  if (thread === undefined) throw unsupported(frame, `a share of the unknown loop ${share.id}`)
  code.get(thread)
  if (plus === 1) {
    code.i32(1)
    code.op("i32.add")
  }
  code.i32(iterations)
  code.op("i32.mul")
  code.i32(share.extent)
  code.op("i32.div_u")
}

/** The iterations of a loop that fall to one thread: counted down, with the pointers moved to the first of them. */
const emitShare = (frame: Frame, loop: Loop, share: Loop, body: ReadonlyArray<Instruction>): void => {
  const { code, locals } = frame
  const plan = frame.plans.get(loop.id)
  if (plan === undefined) throw unsupported(frame, `the unknown loop ${loop.id}`)
  frame.nest.push(loop)
  const [first, left] = [locals.take("i32"), locals.take("i32")]
  pushBound(frame, plan.iterations, share, 0)
  code.tee(first)
  code.set(left)
  pushBound(frame, plan.iterations, share, 1)
  code.get(left)
  code.op("i32.sub")
  code.tee(left)
  code.open("if")
  const moved = plan.pointers.map((pointer) => {
    const { key, start, stride } = pointer
    const local = locals.take("i32")
    frame.pointers.set(key, local)
    const before = startOf(frame, pointer)
    code.get(first)
    code.i32(stride)
    code.op("i32.mul")
    if (start !== 0) {
      code.i32(start)
      code.op("i32.add")
    }
    if (before !== undefined) {
      code.get(before)
      code.op("i32.add")
    }
    code.set(local)
    return { local, stride }
  })
  if (plan.indexed) {
    const index = locals.take("i32")
    frame.indices.set(loop.id, index)
    code.get(first)
    code.i32(loop.step)
    code.op("i32.mul")
    code.set(index)
    moved.push({ local: index, stride: loop.step })
  }
  code.open("loop")
  frame.written.clear()
  emitBody(frame, body)
  frame.written.clear()
  for (const { local, stride } of moved) {
    code.get(local)
    code.i32(stride)
    code.op("i32.add")
    code.set(local)
  }
  code.get(left)
  code.i32(1)
  code.op("i32.sub")
  code.tee(left)
  code.branchIf(0)
  code.end()
  code.end()
  for (const { local } of [...moved, { local: first }, { local: left }]) locals.release(local)
  frame.nest.pop()
}

/** The pointers of the loops around a kernel, computed from their indices: the parameters of the function. */
const enterAround = (frame: Frame, around: ReadonlyArray<Loop>): void => {
  const { code } = frame
  around.forEach((loop, parameter) => {
    frame.nest.push(loop)
    frame.indices.set(loop.id, parameter)
    for (const pointer of frame.plans.get(loop.id)?.pointers ?? []) {
      const { key, start, stride } = pointer
      const local = frame.locals.take("i32")
      frame.pointers.set(key, local)
      code.get(parameter)
      code.i32(stride / loop.step)
      code.op("i32.mul")
      if (start !== 0) {
        code.i32(start)
        code.op("i32.add")
      }
      const before = startOf(frame, pointer)
      if (before !== undefined) {
        code.get(before)
        code.op("i32.add")
      }
      code.set(local)
    }
  })
}

/** How kernels are emitted. */
export interface KernelOptions {
  readonly layout: Layout
  readonly wide: boolean
  readonly fused: boolean
  readonly compact: boolean
}

/**
 * The body of the function of one kernel: declarations, constants, code. The places of the buffers in `placed` are
 * parameters behind the indices of the loops around; a buffer has the number of its parameter among them.
 */
export const emitKernel = (
  kernel: Kernel,
  { layout, ...how }: KernelOptions,
  placed: ReadonlyMap<number, number> = new Map()
): Uint8Array => {
  const around = loopsAround(kernel)
  const places: Places = new Map([...placed].map(([buffer, number]) => [buffer, around.length + number]))
  const given = around.length + new Set(placed.values()).size
  const frame = makeFrame(kernel.name, layout, { ...how, places }, planLoops(kernel, places), deferrable(kernel), given)
  enterAround(frame, around)
  emitBody(frame, kernel.body)
  const prologue = makeCode()
  frame.constants.initialise(prologue)
  if (frame.paired.constants !== frame.constants) frame.paired.constants.initialise(prologue)
  const bytes = makeBytes(1024)
  frame.locals.encode(bytes)
  bytes.append(prologue.take())
  frame.code.end()
  bytes.append(frame.code.take())
  return bytes.take()
}
