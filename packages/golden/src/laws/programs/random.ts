/** Random programs. */
import { randomNumbers, type RandomNumbers } from "../../randomNumbers.ts"
import { catalogue } from "./catalogue.ts"
import type { Instruction, Program } from "./program.ts"

/** How long programs and their bodies are. */
const lengths = { program: [5, 30], body: [1, 4] } as const

const shapes: ReadonlyArray<ReadonlyArray<number>> = [[], [1], [4], [7], [3, 4], [2, 3], [5, 1], [2, 3, 2], [1, 2, 3]]

/** Names of operations, each with the sum of the weights up to it. */
type Weighted = ReadonlyArray<{ readonly name: string; readonly up: number }>

/** The operations a program may have: those with bodies, and the others. */
interface Choices {
  readonly nested: Weighted
  readonly plain: Weighted
}

const choose = (random: RandomNumbers, from: Weighted): string => {
  const at = random.uniform(0, from.at(-1)?.up ?? 0)
  return from.find(({ up }) => at < up)?.name ?? "add"
}

const choicesOf = (differentiable: boolean): Choices => {
  const allowed = Object.entries(catalogue).filter(([, operation]) => operation.differentiable || !differentiable)
  const names = (nested: boolean): Weighted => {
    let up = 0
    return allowed.flatMap(([name, operation]) =>
      operation.nested === nested ? [{ name, up: (up += operation.weight) }] : []
    )
  }
  return { nested: names(true), plain: names(false) }
}

/** An instruction; one in `often` has a body. In a body there may be bodies, in those there are none. */
const instruction = (random: RandomNumbers, choices: Choices, often: number, depth: number): Instruction => {
  const from = depth > 0 && random.below(often) === 0 ? choices.nested : choices.plain
  const operation = choose(random, from)
  const found = catalogue[operation]
  const [least, most] = lengths.body
  return {
    operation,
    // Mostly recent values, so that most instructions matter.
    back: Array.from({ length: found?.operands ?? 1 }, (_, i) => random.below(i === 0 ? 2 : 6)),
    detail: random.below(60),
    body:
      found?.nested === true
        ? Array.from({ length: least + random.below(most - least + 1) }, () =>
            instruction(random, choices, 4, depth - 1)
          )
        : []
  }
}

/** A random program of 5 to 30 instructions; only operations whose derivatives are those of their values, if asked for. */
export const randomProgram = (seed: number, differentiable: boolean): Program => {
  const random = randomNumbers(seed, 11)
  const choices = choicesOf(differentiable)
  const [least, most] = lengths.program
  return {
    inputs: Array.from({ length: 1 + random.below(3) }, () => shapes[random.below(shapes.length)] ?? []),
    instructions: Array.from({ length: least + random.below(most - least + 1) }, () =>
      instruction(random, choices, 5, 2)
    ),
    resolution: 2 ** 16
  }
}
