/**
 * Random programs as data, and making failing ones smaller. An instruction names its operands by how far back they lie,
 * so that any instruction can be dropped and what is left is a program again.
 */
import { type AnyTensor, isTensor, type Shape, type Tensor } from "@cotangent/graph"
import { type RandomNumbers, randomNumbers } from "../randomNumbers.ts"
import { programOperations } from "./operations.ts"

/** One step of a program: an operation on two earlier values. */
export interface Instruction {
  readonly operation: string
  /** How many values back the operands lie, around the beginning. */
  readonly back: readonly [number, number]
  /** What the operation makes of it is its own affair: an axis, an index. */
  readonly detail: number
}

/** A program: its value is that of the last instruction. */
export type Program = ReadonlyArray<Instruction>

/** The shapes of the inputs of every program. */
export const inputShapes: ReadonlyArray<ReadonlyArray<number>> = [[3, 4], [4], [2, 3, 2], []]

const names = Object.keys(programOperations)
const smoothNames = names.filter((name) => programOperations[name]?.smooth === true)

/** A random program of 5 to 30 operations. */
export const randomProgram = (seed: number, smooth: boolean): Program => {
  const random: RandomNumbers = randomNumbers(seed, 11)
  const choices = smooth ? smoothNames : names
  return Array.from({ length: 5 + random.below(26) }, () => ({
    operation: choices[random.below(choices.length)] ?? "neg",
    // Mostly recent values, so that most instructions matter.
    back: [random.below(3), random.below(6)],
    detail: random.below(1000)
  }))
}

/** The value of a program for given inputs. */
export const runProgram = (program: Program, inputs: ReadonlyArray<AnyTensor>): AnyTensor => {
  const values = [...inputs]
  const at = (back: number): Tensor<Shape, "f32" | "f64"> => {
    const value = values[values.length - 1 - (back % values.length)]
    if (!isTensor(value)) throw new RangeError("program: there are no inputs")
    // Inputs are floats and every operation keeps the element type.
    return value as Tensor<Shape, "f32" | "f64">
  }
  for (const { operation, back, detail } of program) {
    const found = programOperations[operation]
    if (found === undefined) throw new RangeError(`program: there is no operation ${operation}`)
    values.push(found.apply(at(back[0]), at(back[1]), detail))
  }
  return at(0)
}

/** A program as text, for reports. */
export const showProgram = (program: Program): string =>
  program.map(({ operation, back, detail }) => `${operation}(${back.join(", ")}; ${detail})`).join(" ")

const without = (program: Program, from: number, count: number): Program => [
  ...program.slice(0, from),
  ...program.slice(from + count)
]

/** A smaller program that still fails: operations are dropped, in runs and then one by one, as long as any can be. */
export const shrink = (program: Program, fails: (smaller: Program) => boolean): Program => {
  let smallest = program
  for (let run = Math.floor(program.length / 2); run >= 1;) {
    const from = Array.from({ length: Math.max(0, smallest.length - run + 1) }, (_, i) => i).find(
      (i) => run < smallest.length && fails(without(smallest, i, run))
    )
    if (from !== undefined) smallest = without(smallest, from, run)
    else run = Math.floor(run / 2)
  }
  return smallest
}
