/** One kernel as the body of a WebAssembly function: instructions in order, loops over pointers. */
import type { Instruction, Kernel, Layout, Loop, Register } from "@cotangent/kernel"
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
import { planLoops } from "./pointers.ts"
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
      emitLoop(frame, instruction.loop, instruction.body)
      return
  }
}

const emitBody = (frame: Frame, body: ReadonlyArray<Instruction>): void => {
  frame.scopes.push({ owned: [], addresses: new Map() })
  for (const instruction of body) emitInstruction(frame, instruction)
  const scope = frame.scopes.pop()
  for (const local of scope?.owned ?? []) frame.locals.release(local)
}

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
    const parent = pointer.parent === undefined ? undefined : frame.pointers.get(pointer.parent)
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
  const counting = plan.indexed ? undefined : pointers.find(({ parent, stride }) => parent === undefined && stride > 0)
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

/** The body of the function of one kernel: declarations, constants, code. */
export const emitKernel = (kernel: Kernel, layout: Layout, wide: boolean): Uint8Array => {
  const frame = makeFrame(kernel.name, layout, wide, planLoops(kernel), deferrable(kernel))
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
