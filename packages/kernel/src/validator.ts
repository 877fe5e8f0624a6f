/** Checks that a kernel obeys every rule of the IR that can be checked without running it. */
import {
  type Buffer,
  type Index,
  type Instruction,
  type Kernel,
  type Loop,
  loopsAround,
  type Register,
  type Type
} from "./ir.ts"
import { operandsOf } from "./operands.ts"
import { printInstruction, printType } from "./printer.ts"
import {
  binaryDtypes,
  combineDtypes,
  comparedType,
  compareDtypes,
  holds,
  laneLimit,
  sameType,
  unaryDtypes
} from "./typing.ts"

/** What is known about a register while it is visible. */
interface Definition {
  readonly type: Type
  readonly variable: boolean
  /** Whether all lanes are known to hold one value. */
  readonly uniform: boolean
}

interface State {
  readonly kernel: Kernel
  /** The registers visible here. */
  readonly visible: Map<number, Definition>
  /** All registers defined so far, visible or not. */
  readonly defined: Set<number>
  /** The loops around this place. */
  readonly loops: Map<number, Loop>
  readonly problems: Array<string>
}

/** Reports a problem of one instruction. */
type Report = (problem: string) => void

const label = (register: Register): string => `r${register.id} (${printType(register.type)})`

const checkType = ({ dtype, lanes, mask }: Type, report: Report): void => {
  const limit = laneLimit({ dtype, lanes, ...(mask === undefined ? {} : { mask }) })
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > limit) {
    report(`a register of ${dtype} has 1 to ${limit} lanes, not ${lanes}`)
  }
  const wantsMask = dtype === "bool" && lanes > 1
  if (wantsMask && mask === undefined) report("a bool vector must state the width of its mask")
  if (!wantsMask && mask !== undefined) report("only bool vectors have a mask")
}

const checkUse = (state: State, register: Register, report: Report): void => {
  const known = state.visible.get(register.id)
  if (known === undefined) {
    report(
      state.defined.has(register.id)
        ? `register r${register.id} is used outside the loop that defines it: carry it out in a variable`
        : `register r${register.id} is used before it is defined`
    )
  } else if (!sameType(known.type, register.type)) {
    report(`register r${register.id} is defined as ${printType(known.type)} and used as ${printType(register.type)}`)
  }
}

const checkLoop = (state: State, loop: Loop, report: Report): void => {
  const around = state.loops.get(loop.id)
  if (around === undefined) report(`the index of loop i${loop.id} is used outside that loop`)
  else if (around.extent !== loop.extent || around.step !== loop.step) {
    report(`loop i${loop.id} is used with another extent or step than it has`)
  }
}

/** The largest value a loop's index takes. */
const last = ({ extent, step }: Loop): number => Math.floor((extent - 1) / step) * step

const checkIndex = (
  state: State,
  buffer: Buffer,
  index: Index,
  lanes: number,
  laneStride: number,
  report: Report
): void => {
  for (const { loop } of index.terms) checkLoop(state, loop, report)
  const strides = index.terms.map(({ stride }) => stride)
  if (![index.offset, laneStride, ...strides].every(Number.isInteger)) {
    report(`positions in ${buffer.name} must be whole numbers of elements`)
  }
  if (index.dynamic !== undefined) {
    checkUse(state, index.dynamic, report)
    if (index.dynamic.type.dtype !== "i32" || index.dynamic.type.lanes !== 1) {
      report(`the computed part of an index must be a scalar i32, not ${label(index.dynamic)}`)
    }
    return
  }
  const reaches = [...index.terms.map(({ loop, stride }) => stride * last(loop)), (lanes - 1) * laneStride]
  const lowest = reaches.reduce((sum, reach) => sum + Math.min(0, reach), index.offset)
  const highest = reaches.reduce((sum, reach) => sum + Math.max(0, reach), index.offset)
  if (lowest < 0 || highest >= buffer.length) {
    report(
      `elements ${lowest} to ${highest} of buffer ${buffer.name} are accessed, which has ${buffer.length}: ` +
        "check the extents, strides and lanes of this access"
    )
  }
}

const checkOperation = (
  op: string,
  dtypes: ReadonlyArray<string>,
  operands: ReadonlyArray<Register>,
  report: Report
): void => {
  const [a] = operands
  if (a === undefined) return
  if (!dtypes.includes(a.type.dtype)) report(`${op} is defined for ${dtypes.join(", ")}, not for ${a.type.dtype}`)
  if (!operands.every((operand) => sameType(operand.type, a.type))) {
    report(`${op} wants operands of one type, not ${operands.map(label).join(" and ")}`)
  }
}

const checkResult = (out: Register, expected: Type, report: Report): void => {
  if (!sameType(out.type, expected)) report(`the result is ${printType(expected)}, not ${printType(out.type)}`)
}

const checkConstant = (what: string, value: number, { dtype }: Type, report: Report): void => {
  if (!holds[dtype](value)) report(`the ${what} ${Object.is(value, -0) ? "-0" : value} is not a value of ${dtype}`)
}

const checkMemory = (
  register: Register,
  buffer: Buffer,
  listed: ReadonlyArray<Buffer>,
  verb: "reads" | "writes",
  report: Report
): void => {
  const entry = listed.find(({ id }) => id === buffer.id)
  if (entry === undefined) report(`buffer ${buffer.name} is not among the buffers that the kernel ${verb}`)
  else if (entry.dtype !== buffer.dtype || entry.length !== buffer.length) {
    report(
      `buffer ${buffer.name} is listed as ${entry.dtype}[${entry.length}], used as ${buffer.dtype}[${buffer.length}]`
    )
  }
  if (register.type.dtype !== buffer.dtype)
    report(`buffer ${buffer.name} holds ${buffer.dtype}, not ${label(register)}`)
  if (register.type.mask === 64) report("a mask of 64 bits is never loaded or stored")
}

/** The rules of each instruction, operands and result known to be proper registers. */
const checkRules = (state: State, instruction: Instruction, report: Report): void => {
  switch (instruction.tag) {
    case "const":
      return checkConstant("constant", instruction.value, instruction.out.type, report)
    case "load": {
      const { buffer, index, laneStride, out } = instruction
      checkMemory(out, buffer, state.kernel.reads, "reads", report)
      if (out.type.lanes === 1 && laneStride !== 0) report("a scalar load has lane stride 0")
      return checkIndex(state, buffer, index, out.type.lanes, laneStride, report)
    }
    case "store": {
      const { buffer, index, laneStride, value } = instruction
      checkMemory(value, buffer, state.kernel.writes, "writes", report)
      if (value.type.lanes > 1 && laneStride === 0) report("the lanes of a vector cannot all be stored in one element")
      return checkIndex(state, buffer, index, value.type.lanes, laneStride, report)
    }
    case "unary":
      checkOperation(instruction.op, unaryDtypes[instruction.op], [instruction.a], report)
      return checkResult(instruction.out, instruction.a.type, report)
    case "binary": {
      const { a, b, op, out } = instruction
      checkOperation(op, binaryDtypes[op], [a, b], report)
      const integral = a.type.dtype === "i32" || a.type.dtype === "u32"
      if ((op === "div" || op === "rem") && integral && a.type.lanes > 1) {
        report(`${op} of integers exists for scalars only`)
      }
      if ((op === "shl" || op === "shr") && b.type.lanes > 1 && state.visible.get(b.id)?.uniform !== true) {
        report(`${op} of a vector wants one shift for all lanes, a constant or a splat, not ${label(b)}`)
      }
      return checkResult(out, a.type, report)
    }
    case "compare": {
      const { a, b, op, out } = instruction
      checkOperation(op, compareDtypes[op], [a, b], report)
      return checkResult(out, comparedType(a.type), report)
    }
    case "select": {
      const { a, b, condition, out } = instruction
      checkOperation("select", ["f32", "f64", "i32", "u32", "bool"], [a, b], report)
      const wanted = comparedType(a.type)
      if (!sameType(condition.type, wanted)) {
        report(`select of ${printType(a.type)} wants a condition of ${printType(wanted)}, not ${label(condition)}`)
      }
      return checkResult(out, a.type, report)
    }
    case "cast": {
      const { a, out } = instruction
      if (a.type.lanes !== out.type.lanes) report(`cast keeps the ${a.type.lanes} lanes of ${label(a)}`)
      const wide = a.type.dtype === "f64" || out.type.dtype === "f64" || a.type.mask === 64 || out.type.mask === 64
      if (wide && out.type.lanes > 1) report("cast from or to f64 exists for scalars only")
      return
    }
    case "splat": {
      const { a, out } = instruction
      if (a.type.lanes !== 1) report(`splat wants a scalar, not ${label(a)}`)
      if (a.type.dtype !== out.type.dtype) report(`splat keeps the dtype ${a.type.dtype}`)
      return
    }
    case "extract": {
      const { a, lane, out } = instruction
      if (!Number.isInteger(lane) || lane < 0 || lane >= a.type.lanes) report(`${label(a)} has no lane ${lane}`)
      return checkResult(out, { dtype: a.type.dtype, lanes: 1 }, report)
    }
    case "extend": {
      const { a, fill, out } = instruction
      const sameMask = a.type.lanes === 1 || a.type.mask === out.type.mask
      if (a.type.dtype !== out.type.dtype || !sameMask) report(`extend keeps the dtype and mask of ${label(a)}`)
      if (out.type.lanes <= a.type.lanes) report(`extend wants more lanes than the ${a.type.lanes} of ${label(a)}`)
      return checkConstant("fill", fill, out.type, report)
    }
    case "combine": {
      const { a, op, out } = instruction
      checkOperation(`combine ${op}`, combineDtypes[op], [a], report)
      if (a.type.lanes !== laneLimit(a.type)) {
        report(`combine wants a full vector of ${laneLimit(a.type)} lanes, not ${label(a)}: extend it first`)
      }
      return checkResult(out, { dtype: a.type.dtype, lanes: 1 }, report)
    }
    case "loopIndex":
      checkLoop(state, instruction.loop, report)
      return checkResult(instruction.out, { dtype: "i32", lanes: instruction.out.type.lanes }, report)
    case "variable":
      return checkResult(instruction.out, instruction.initial.type, report)
    case "assign": {
      const { value, variable } = instruction
      checkUse(state, variable, report)
      const known = state.visible.get(variable.id)
      if (known !== undefined && !known.variable) report(`r${variable.id} is not a variable: it cannot be assigned`)
      if (!sameType(value.type, variable.type)) report(`variable ${label(variable)} cannot take ${label(value)}`)
      return
    }
    case "for": {
      const { extent, id, step } = instruction.loop
      if (!Number.isInteger(extent) || extent < 1 || !Number.isInteger(step) || step < 1) {
        report("the extent and the step of a loop are whole numbers from 1")
      }
      if (state.loops.has(id)) report(`loop i${id} stands inside itself`)
      if (instruction.share !== undefined && instruction.share.id !== state.kernel.threads?.id) {
        report("a loop is shared among the threads of its kernel, and of no other")
      }
      return checkBody(
        { ...state, visible: new Map(state.visible), loops: new Map(state.loops).set(id, instruction.loop) },
        instruction.body
      )
    }
  }
}

const isUniform = (instruction: Instruction): boolean =>
  instruction.tag === "const" ||
  instruction.tag === "splat" ||
  (instruction.tag === "load" && instruction.laneStride === 0)

const checkBody = (state: State, body: ReadonlyArray<Instruction>): void => {
  for (const instruction of body) {
    const report: Report = (problem) =>
      state.problems.push(`kernel ${state.kernel.name}: ${problem}, in "${printInstruction(instruction)}"`)
    for (const operand of operandsOf(instruction)) checkUse(state, operand, report)
    if ("out" in instruction) {
      const { out } = instruction
      checkType(out.type, report)
      if (state.defined.has(out.id)) report(`register r${out.id} is defined twice`)
    }
    checkRules(state, instruction, report)
    if ("out" in instruction) {
      const { out, tag } = instruction
      state.defined.add(out.id)
      state.visible.set(out.id, { type: out.type, variable: tag === "variable", uniform: isUniform(instruction) })
    }
  }
}

/**
 * The violated rules as sentences, each with the instruction it stands in; empty when the kernel is valid.
 *
 * Checked: registers are defined once, before use, and used within the loop that defines them; types agree for every
 * operation; lane and mask limits; constants are values of their dtype; loop indices are used inside their loop; every
 * access without a computed index stays inside its buffer; only listed buffers are read and written.
 */
export const validate = (kernel: Kernel): ReadonlyArray<string> => {
  const loops = new Map(loopsAround(kernel).map((loop) => [loop.id, loop] as const))
  const state: State = { kernel, visible: new Map(), defined: new Set(), loops, problems: [] }
  checkBody(state, kernel.body)
  return state.problems
}
