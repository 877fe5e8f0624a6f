/** Lanewise operations: the halves of a vector are computed by the same recipe, in lockstep or where they are used. */
import type { Instruction, Register, Type } from "@cotangent/kernel"
import { type Frame, halvesOf, own, stable, take, unsupported, valueOf, valueTypeOf } from "./frame.ts"
import { apart, isPaired, together, toolsOf } from "./pairing.ts"
import type { Binary, Push, Tools, Unary } from "./recipe.ts"
import { pushLane } from "./reshape.ts"
import * as scalar from "./scalar.ts"
import * as vector from "./vector.ts"

/** Expressions nested deeper than this get a local in between. */
const deepest = 64

/** Whether both halves of all operands are the same locals: splats, constants and what is computed from them. */
const areUniform = (frame: Frame, operands: ReadonlyArray<Register>): boolean =>
  operands.every(
    (operand) =>
      !frame.deferred.has(operand.id) && valueOf(frame, operand).every((local, _, halves) => local === halves[0])
  )

/**
 * Defines a register whose halves are computed by one recipe, each from the same halves of the operands. If it is used
 * once, that happens at its use; if the halves are the same value, once for both.
 */
const define = (
  frame: Frame,
  out: Register,
  operands: ReadonlyArray<Register>,
  write: (tools: Tools, pushes: ReadonlyArray<Push>) => void,
  isProduct = false
): void => {
  const { code, values } = frame
  const tools = toolsOf(frame, out.type)
  const halves = halvesOf(out.type)
  const uniform = halves > 1 && areUniform(frame, operands)
  const taken = operands.map((operand) => take(frame, operand))
  const push = (half: number): void =>
    write(
      tools,
      taken.map((operand) => () => operand.push(half))
    )
  const depth = 1 + Math.max(...taken.map((operand) => operand.depth))
  if (!uniform && depth <= deepest && frame.deferrable.has(out.id)) {
    const variables = new Set(taken.flatMap((operand) => [...operand.variables]))
    const [first, second] = taken
    const factors =
      isProduct && first !== undefined && second !== undefined ? ([first.push, second.push] as const) : undefined
    const value = { push, variables, depth, ...(factors === undefined ? {} : { factors }) }
    frame.deferred.set(out.id, { register: out, value })
    return
  }
  const results: Array<number> = []
  for (let half = 0; half < halves; half++) {
    const first = results[0]
    if (uniform && first !== undefined) {
      results.push(first)
      continue
    }
    push(half)
    const local = own(frame, valueTypeOf(out.type))
    code.set(local)
    results.push(local)
  }
  values.set(out.id, results)
}

const nothing: Push = () => {}

/** Defines a lanewise operation of one operand. */
const defineUnary = (frame: Frame, out: Register, a: Register, recipe: Unary): void =>
  define(frame, out, [a], (tools, [pushA = nothing]) => recipe(tools, pushA))

/** Defines a lanewise operation of two operands. */
const defineBinary = (frame: Frame, out: Register, a: Register, b: Register, recipe: Binary, isProduct = false): void =>
  define(frame, out, [a, b], (tools, [pushA = nothing, pushB = nothing]) => recipe(tools, pushA, pushB), isProduct)

/** Defines a variable plus a product that nothing else reads, as one operation; whether that is what was asked for. */
const defineFused = (frame: Frame, out: Register, a: Register, b: Register): boolean => {
  const { dtype } = out.type
  const product = frame.deferred.get(b.id)?.value
  if (!frame.fused || !frame.variables.has(a.id) || product?.factors === undefined) return false
  if (!frame.deferrable.has(out.id) || (dtype !== "f32" && dtype !== "f64")) return false
  const [first, second] = product.factors
  frame.deferred.delete(b.id)
  const sum = take(frame, a)
  const push = (half: number): void => {
    first(half)
    second(half)
    sum.push(half)
    frame.code.op(dtype === "f32" ? "f32x4.relaxed_madd" : "f64x2.relaxed_madd")
  }
  const variables = new Set([...product.variables, ...sum.variables])
  frame.deferred.set(out.id, { register: out, value: { push, variables, depth: product.depth + 1 } })
  return true
}

const isInteger = (type: Type): type is Type & { readonly dtype: "i32" | "u32" } =>
  type.dtype === "i32" || type.dtype === "u32"

const emitShift = (
  frame: Frame,
  op: "shl" | "shr",
  { out, a, b }: Extract<Instruction, { readonly tag: "binary" }>
): void => {
  const { type } = out
  if (!isInteger(type)) throw unsupported(frame, `${op} on ${type.dtype}`)
  const { code } = frame
  const literal = frame.literals.get(b.id)
  const scalarShift = frame.splats.get(b.id)
  let amount = scalarShift
  if (literal === undefined && amount === undefined) {
    amount = own(frame, "i32")
    pushLane(frame, type, apart(frame, b), 0)
    code.set(amount)
  }
  defineUnary(frame, out, a, (_, push) => {
    push()
    if (literal !== undefined) code.i32(literal & 31)
    else if (amount !== undefined) code.get(amount)
    code.op(vector.shifts[type.dtype][op])
  })
}

/** The recipe for two vectors; where a literal makes a cheaper one possible, the literal comes second. */
const emitVectorBinary = (frame: Frame, { op, out, a, b }: Extract<Instruction, { readonly tag: "binary" }>): void => {
  const { dtype } = out.type
  if ((dtype === "f32" || dtype === "f64") && (op === "min" || op === "max")) {
    const [first, second] = frame.literals.has(a.id) ? [b, a] : [a, b]
    const literal = frame.literals.get(second.id)
    const recipe = literal === undefined ? undefined : vector.extremumWithLiteral(dtype, op, literal)
    if (recipe !== undefined) return defineBinary(frame, out, first, second, recipe)
  }
  const recipe =
    frame.wide && isInteger(out.type) && op === "add"
      ? vector.addWithoutSeed
      : vector.find(frame, vector.binaries, dtype, op)
  if (op === "add" && defineFused(frame, out, a, b)) return
  defineBinary(frame, out, a, b, recipe, op === "mul" && (dtype === "f32" || dtype === "f64"))
}

const emitScalarBinary = (frame: Frame, { op, out, a, b }: Extract<Instruction, { readonly tag: "binary" }>): void => {
  const { type } = out
  const literal = frame.literals.get(b.id)
  const recipe =
    isInteger(type) && (op === "div" || op === "rem") && literal !== undefined && literal !== 0 && literal !== -1
      ? scalar.divisionByLiteral(op, type.dtype)
      : scalar.find(frame, scalar.binaries, type.dtype, op)
  defineBinary(frame, out, a, b, recipe)
}

export const emitBinary = (frame: Frame, instruction: Extract<Instruction, { readonly tag: "binary" }>): void => {
  const { op, out } = instruction
  if (out.type.lanes === 1) return emitScalarBinary(frame, instruction)
  if (op === "shl" || op === "shr") return emitShift(frame, op, instruction)
  emitVectorBinary(frame, instruction)
}

export const emitUnary = (frame: Frame, { op, out, a }: Extract<Instruction, { readonly tag: "unary" }>): void => {
  const { dtype, lanes } = out.type
  const recipe =
    lanes > 1 ? vector.find(frame, vector.unaries, dtype, op) : scalar.find(frame, scalar.unaries, dtype, op)
  if (!isPaired(frame, out.type) || !vector.isUnpaired(dtype, op)) return defineUnary(frame, out, a, recipe)
  const parts = apart(frame, a).map((half) => {
    const local = own(frame, "v128")
    recipe(frame, () => frame.code.get(half))
    frame.code.set(local)
    return local
  })
  frame.values.set(out.id, together(frame, out.type, parts))
}

export const emitCast = (frame: Frame, out: Register, a: Register): void => {
  const from = a.type.dtype
  const to = out.type.dtype
  const unchanged =
    from === to || (isInteger(out.type) && (isInteger(a.type) || (from === "bool" && out.type.lanes === 1)))
  if (unchanged) {
    frame.values.set(out.id, stable(frame, a))
    return
  }
  const recipe = out.type.lanes === 1 ? scalar.casts[from][to] : a.type.mask === 64 ? undefined : vector.casts[from][to]
  if (recipe === undefined) throw unsupported(frame, `a cast of a vector of ${from} to ${to}`)
  defineUnary(frame, out, a, recipe)
}

export const emitCompare = (
  frame: Frame,
  { op, out, a, b }: Extract<Instruction, { readonly tag: "compare" }>
): void => {
  const { dtype } = a.type
  const recipe =
    out.type.lanes > 1
      ? vector.find(frame, vector.comparisons, dtype, op)
      : scalar.find(frame, scalar.comparisons, dtype, op)
  defineBinary(frame, out, a, b, recipe)
}

export const emitSelect = (
  frame: Frame,
  { out, condition, a, b }: Extract<Instruction, { readonly tag: "select" }>
): void =>
  define(frame, out, [a, b, condition], ({ code }, pushes) => {
    for (const push of pushes) push()
    code.op(out.type.lanes === 1 ? "select" : "v128.bitselect")
  })
