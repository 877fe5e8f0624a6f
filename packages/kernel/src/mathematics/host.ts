/** The scalar functions on the host: the definitions of the kernels, evaluated operation by operation. */
import { at, type Builder, kernel } from "../builder.ts"
import type { Buffer, Instruction, Register } from "../ir.ts"
import * as Semantics from "../semantics.ts"
import type { Float, UnaryDefinition } from "./arithmetic.ts"
import { binaryFunctions, unaryFunctions, type BinaryFunction, type UnaryFunction } from "./functions.ts"

/** One operation on the slots of the registers: the four most frequent by name, all others as a function. */
interface Step {
  readonly op: "add" | "sub" | "mul" | "div" | "other"
  readonly apply: (a: number, b: number, c: number) => number
  readonly a: number
  readonly b: number
  readonly c: number
  readonly out: number
}

interface Program {
  /** One slot per register, constants filled in. */
  readonly slots: Float64Array
  readonly steps: ReadonlyArray<Step>
  /** The slots of the operands, in their order. */
  readonly operands: ReadonlyArray<number>
  readonly result: number
}

const buffer = (id: number, name: string, dtype: Float): Buffer => ({ id, name, dtype, length: 1 })

/** The instructions that compute one value of a definition from its operands. */
const instructionsOf = (
  name: string,
  dtype: Float,
  definition: (b: Builder, operand: (name: string) => Register) => Register
): ReadonlyArray<Instruction> =>
  kernel(name, (b) => {
    let id = 0
    const value = definition(b, (operand) => b.load(buffer(id++, operand, dtype), at(0)))
    b.store(buffer(id, "value", dtype), at(0), value)
  }).body

/** Translates the instructions once. */
const compile = (name: string, body: ReadonlyArray<Instruction>): Program => {
  const slots = new Float64Array(body.length)
  const steps: Array<Step> = []
  const operands: Array<number> = []
  let result = 0
  const step = (op: Step["op"], apply: Step["apply"], out: Register, a: Register, b = a, c = a): void => {
    steps.push({ op, apply, a: a.id, b: b.id, c: c.id, out: out.id })
  }
  for (const instruction of body) {
    switch (instruction.tag) {
      case "const":
        slots[instruction.out.id] = instruction.value
        break
      case "load":
        operands.push(instruction.out.id)
        break
      case "store":
        result = instruction.value.id
        break
      case "unary": {
        const { a, op, out } = instruction
        step("other", Semantics.unary(op, out.type.dtype), out, a)
        break
      }
      case "binary": {
        const { a, b, op, out } = instruction
        const frequent = op === "add" || op === "sub" || op === "mul" || op === "div"
        step(frequent ? op : "other", Semantics.binary(op, out.type.dtype), out, a, b)
        break
      }
      case "compare": {
        const { a, b, op, out } = instruction
        const holds = Semantics.compare[op]
        step("other", (x, y) => (holds(x, y) ? 1 : 0), out, a, b)
        break
      }
      case "select": {
        const { a, b, condition, out } = instruction
        step("other", (x, y, z) => (z !== 0 ? x : y), out, a, b, condition)
        break
      }
      default:
        throw new TypeError(`${name} uses the instruction ${instruction.tag}, which no scalar function may use`)
    }
  }
  return { slots, steps, operands, result }
}

const value = ({ a, apply, b, c, op }: Step, slots: Float64Array): number => {
  const x = slots[a] ?? NaN
  const y = slots[b] ?? NaN
  switch (op) {
    case "add":
      return x + y
    case "sub":
      return x - y
    case "mul":
      return x * y
    case "div":
      return x / y
    case "other":
      return apply(x, y, slots[c] ?? NaN)
  }
}

/** The function that runs translated instructions on host numbers. */
const run = ({ slots, steps, operands, result }: Program, dtype: Float): ((x: number, y?: number) => number) => {
  const single = dtype === "f32"
  const [first = 0, second = 0] = operands
  return (x, y = NaN) => {
    slots[second] = single ? Math.fround(y) : y
    slots[first] = single ? Math.fround(x) : x
    for (const step of steps) {
      const exact = value(step, slots)
      slots[step.out] = single ? Math.fround(exact) : exact
    }
    return slots[result] ?? NaN
  }
}

/** A definition of one operand on host numbers, with the bits of the compiled kernels. */
export const scalarOf = (definition: UnaryDefinition, dtype: Float): ((x: number) => number) =>
  run(
    compile(
      "the definition",
      instructionsOf("scalar", dtype, (b, operand) => definition(b, operand("x")))
    ),
    dtype
  )

const cache = new Map<string, (x: number, y?: number) => number>()

/**
 * A scalar function on host numbers, with the bits of the compiled kernels: operands are rounded to the dtype first,
 * and in f32 every intermediate result is. Compiled once per name and dtype. `pow` takes two operands.
 */
export const scalar = (name: UnaryFunction | BinaryFunction, dtype: Float): ((x: number, y?: number) => number) => {
  const key = `${name} ${dtype}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const instructions = instructionsOf(name, dtype, (b, operand) =>
    name === "pow" ? binaryFunctions[name](b, operand("x"), operand("y")) : unaryFunctions[name](b, operand("x"))
  )
  const made = run(compile(name, instructions), dtype)
  cache.set(key, made)
  return made
}
