/** How one machine value is computed from others: a recipe leaves its result on the operand stack. */
import type { Code, Words } from "./assembler.ts"
import type { Constants } from "./constants.ts"
import type { Opcode } from "./opcodes.ts"

/** What a recipe writes with. */
export interface Tools {
  readonly code: Code
  readonly constants: Constants
}

/** Puts an operand on the stack: reads a local, or computes a value that was not given one. */
export type Push = () => void

/** Recipes for vectors push every operand once, so that it may be computed in place. */
export type Unary = (tools: Tools, a: Push) => void
export type Binary = (tools: Tools, a: Push, b: Push) => void

/** One instruction on one operand. */
export const unary =
  (name: Opcode): Unary =>
  ({ code }, a) => {
    a()
    code.op(name)
  }

/** One instruction on two operands. */
export const binary =
  (name: Opcode): Binary =>
  ({ code }, a, b) => {
    a()
    b()
    code.op(name)
  }

/** The operand itself: a conversion that changes no bit. */
export const identity: Unary = (_, a) => a()

/** One instruction whose second operand is a vector constant. */
export const withWords =
  (name: Opcode, words: Words): Unary =>
  ({ code, constants }, a) => {
    a()
    code.get(constants.words(words))
    code.op(name)
  }
