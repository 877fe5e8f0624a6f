/**
 * Programs as data: instructions that name their operands by how far back they lie, so that any instruction can be dropped
 * and what is left is a program again.
 */
import type { AnyTensor } from "@cotangent/graph"

/** One step: an operation on earlier values. */
export interface Instruction {
  /** The name of an operation of the catalogue. */
  readonly operation: string
  /** How many values back the operands lie, round and round from the beginning. */
  readonly back: ReadonlyArray<number>
  /** What the operation makes of it is its own affair: an axis, a number, a direction. */
  readonly detail: number
  /** The function that a loop, a branch or a derivative is of: its value is that of its last instruction. */
  readonly body: ReadonlyArray<Instruction>
}

/** A function of tensors of the given shapes: its value is that of the last instruction. */
export interface Program {
  readonly inputs: ReadonlyArray<ReadonlyArray<number>>
  readonly instructions: ReadonlyArray<Instruction>
  /** Inputs are multiples of `1 / resolution`; small ones make short reports. */
  readonly resolution: number
}

/** Computes one instruction; `run` is for its body. */
export type Interpret = (
  instruction: Instruction,
  operands: ReadonlyArray<AnyTensor>,
  run: (body: ReadonlyArray<Instruction>, inputs: ReadonlyArray<AnyTensor>) => AnyTensor
) => AnyTensor

/** The value of the last of several instructions, or the last input when there are none. */
export const runInstructions = (
  instructions: ReadonlyArray<Instruction>,
  inputs: ReadonlyArray<AnyTensor>,
  interpret: Interpret
): AnyTensor => {
  const values = [...inputs]
  const at = (back: number): AnyTensor => {
    const value = values[values.length - 1 - (back % values.length)]
    if (value === undefined) throw new RangeError("program: there are no inputs")
    return value
  }
  const run = (body: ReadonlyArray<Instruction>, own: ReadonlyArray<AnyTensor>) => runInstructions(body, own, interpret)
  for (const instruction of instructions) values.push(interpret(instruction, instruction.back.map(at), run))
  return at(0)
}

const showInstruction = ({ operation, back, detail, body }: Instruction): string =>
  `${operation}(${back.join(", ")}; ${detail})${body.length === 0 ? "" : ` { ${body.map(showInstruction).join(" ")} }`}`

/** A program as text, for reports. */
export const showProgram = ({ inputs, instructions }: Program): string =>
  `${inputs.map((shape) => `[${shape.join(", ")}]`).join(" ")} -> ${instructions.map(showInstruction).join(" ")}`

/** The names of all operations of a program, bodies included. */
export const namesIn = (instructions: ReadonlyArray<Instruction>): ReadonlyArray<string> =>
  instructions.flatMap(({ operation, body }) => [operation, ...namesIn(body)])
