/** What instructions read. */
import type { Instruction, Register } from "./ir.ts"

/** The registers an instruction reads, but for the computed part of an index. */
export const operandsOf = (instruction: Instruction): ReadonlyArray<Register> => {
  switch (instruction.tag) {
    case "unary":
    case "cast":
    case "splat":
    case "extract":
    case "extend":
    case "combine":
      return [instruction.a]
    case "binary":
    case "compare":
      return [instruction.a, instruction.b]
    case "select":
      return [instruction.condition, instruction.a, instruction.b]
    case "store":
    case "assign":
      return [instruction.value]
    case "variable":
      return [instruction.initial]
    case "const":
    case "load":
    case "loopIndex":
    case "for":
      return []
  }
}

/** All registers an instruction reads. */
export const readsOf = (instruction: Instruction): ReadonlyArray<Register> => {
  const { index } = instruction.tag === "load" || instruction.tag === "store" ? instruction : {}
  return index?.dynamic === undefined ? operandsOf(instruction) : [...operandsOf(instruction), index.dynamic]
}
