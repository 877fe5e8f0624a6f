/**
 * Prints kernels for reading and for snapshots: one instruction per line in let-form, loops indented, buffers by name.
 *
 * ```
 * kernel scale
 *   reads x f32[16]
 *   writes y f32[16]
 *   r0 f32x8 = const 2
 *   for i0 in 0..16 by 8
 *     r1 f32x8 = load x[i0]
 *     r2 f32x8 = mul r1 r0
 *     store y[i0] = r2
 * ```
 *
 * A position reads `64*i0 + i1 + 3 + r7`; `step 4` after it is the distance of the lanes where that is not 1.
 */
import { type Buffer, type Index, type Instruction, type Kernel, loopsAround, type Register, type Type } from "./ir.ts"

/** A type as `f32`, `f32x8`, or `bool64x4` for a mask of 64 bits. */
export const printType = ({ dtype, lanes, mask }: Type): string =>
  `${dtype}${mask === 64 ? 64 : ""}${lanes === 1 ? "" : `x${lanes}`}`

const number = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

const name = (register: Register): string => `r${register.id}`

const term = (stride: number, loop: number): string => (stride === 1 ? `i${loop}` : `${stride}*i${loop}`)

const printIndex = (index: Index): string => {
  const terms = index.terms.map(({ loop, stride }) => term(stride, loop.id))
  const dynamic = index.dynamic === undefined ? [] : [name(index.dynamic)]
  const moving = [...terms, ...dynamic]
  return index.offset === 0 && moving.length > 0 ? moving.join(" + ") : [...terms, index.offset, ...dynamic].join(" + ")
}

const place = (buffer: string, index: Index, lanes: number, laneStride: number): string =>
  `${buffer}[${printIndex(index)}${lanes === 1 || laneStride === 1 ? "" : ` step ${laneStride}`}]`

/** One instruction without its body, if it is a loop; `bufferName` says how buffers are called. */
export const printInstruction = (
  instruction: Instruction,
  bufferName: (buffer: Buffer) => string = (buffer) => buffer.name
): string => {
  const define = (out: Register, ...words: ReadonlyArray<string>): string =>
    `${name(out)} ${printType(out.type)} = ${words.join(" ")}`
  switch (instruction.tag) {
    case "const":
      return define(instruction.out, "const", number(instruction.value))
    case "load": {
      const { buffer, index, laneStride, out } = instruction
      return define(out, "load", place(bufferName(buffer), index, out.type.lanes, laneStride))
    }
    case "store": {
      const { buffer, index, laneStride, value } = instruction
      return `store ${place(bufferName(buffer), index, value.type.lanes, laneStride)} = ${name(value)}`
    }
    case "unary":
      return define(instruction.out, instruction.op, name(instruction.a))
    case "binary":
    case "compare":
      return define(instruction.out, instruction.op, name(instruction.a), name(instruction.b))
    case "select": {
      const { a, b, condition, out } = instruction
      return define(out, "select", name(condition), name(a), name(b))
    }
    case "cast":
    case "splat":
      return define(instruction.out, instruction.tag, name(instruction.a))
    case "extract":
      return define(instruction.out, "extract", name(instruction.a), number(instruction.lane))
    case "extend":
      return define(instruction.out, "extend", name(instruction.a), number(instruction.fill))
    case "combine":
      return define(instruction.out, "combine", instruction.op, name(instruction.a))
    case "loopIndex":
      return define(instruction.out, "loopIndex", `i${instruction.loop.id}`)
    case "variable":
      return define(instruction.out, "variable", name(instruction.initial))
    case "assign":
      return `assign ${name(instruction.variable)} = ${name(instruction.value)}`
    case "for": {
      const { extent, id, step } = instruction.loop
      const { share } = instruction
      return `for i${id} in 0..${extent}${step === 1 ? "" : ` by ${step}`}${share === undefined ? "" : ` shared by i${share.id}`}`
    }
  }
}

/** A kernel as text: its name, its buffers, its body. Buffers that share a name are told apart by their ids. */
export const print = (kernel: Kernel): string => {
  const ids = new Map<string, Set<number>>()
  for (const { id, name } of [...kernel.reads, ...kernel.writes]) ids.set(name, (ids.get(name) ?? new Set()).add(id))
  const bufferName = (buffer: Buffer): string =>
    (ids.get(buffer.name)?.size ?? 0) > 1 ? `${buffer.name}#${buffer.id}` : buffer.name
  const list = (word: string, buffers: ReadonlyArray<Buffer>): ReadonlyArray<string> =>
    buffers.length === 0
      ? []
      : [`  ${word} ${buffers.map((buffer) => `${bufferName(buffer)} ${buffer.dtype}[${buffer.length}]`).join(", ")}`]
  const lines = (body: ReadonlyArray<Instruction>, indent: string): ReadonlyArray<string> =>
    body.flatMap((instruction) => [
      indent + printInstruction(instruction, bufferName),
      ...(instruction.tag === "for" ? lines(instruction.body, `${indent}  `) : [])
    ])
  const around = loopsAround(kernel).map(({ id, extent }) => `i${id} in 0..${extent}`)
  return [
    `kernel ${kernel.name}`,
    ...(around.length === 0 ? [] : [`  inside ${around.join(", ")}`]),
    ...list("reads", kernel.reads),
    ...list("writes", kernel.writes),
    ...lines(kernel.body, "  ")
  ].join("\n")
}
