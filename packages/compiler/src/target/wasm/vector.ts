/** Vector arithmetic: a recipe for every operation on one v128, by dtype. `bool` lanes are masks of all ones or zeros. */
import type { BinaryOp, CompareOp, DType, UnaryOp } from "@cotangent/kernel"
import { bitsOfF32, splat32, splat64, splatOf } from "./constants.ts"
import { type Frame, unsupported } from "./frame.ts"
import type { Opcode } from "./opcodes.ts"
import { type Binary, binary, identity, type Unary, unary, withWords } from "./recipe.ts"

type Operations<Op extends string, Recipe> = Readonly<Record<DType, Readonly<Partial<Record<Op, Recipe>>>>>

/** The scalar constructions of `scalar.ts`, lane by lane. */
const pow2F32: Unary = ({ code, constants }, a) => {
  a()
  code.get(constants.words(splatOf("f32", 12_582_912 + 127)))
  code.op("f32x4.add")
  code.i32(23)
  code.op("i32x4.shl")
}

const exponentF32: Unary = ({ code, constants }, a) => {
  a()
  code.i32(23)
  code.op("i32x4.shr_u")
  code.get(constants.words(splat32(0x4b000000)))
  code.op("v128.or")
  code.get(constants.words(splatOf("f32", 8_388_608 + 127)))
  code.op("f32x4.sub")
}

const mantissaF32: Unary = ({ code, constants }, a) => {
  a()
  code.get(constants.words(splat32(0x007fffff)))
  code.op("v128.and")
  code.get(constants.words(splat32(0x3f800000)))
  code.op("v128.or")
}

const pow2F64: Unary = ({ code, constants }, a) => {
  a()
  code.get(constants.words(splatOf("f64", 6_755_399_441_055_744 + 1023)))
  code.op("f64x2.add")
  code.i32(52)
  code.op("i64x2.shl")
}

const exponentF64: Unary = ({ code, constants }, a) => {
  a()
  code.i32(52)
  code.op("i64x2.shr_u")
  code.get(constants.words(splat64(0, 0x43300000)))
  code.op("v128.or")
  code.get(constants.words(splatOf("f64", 4_503_599_627_370_496 + 1023)))
  code.op("f64x2.sub")
}

const mantissaF64: Unary = ({ code, constants }, a) => {
  a()
  code.get(constants.words(splat64(0xffffffff, 0x000fffff)))
  code.op("v128.and")
  code.get(constants.words(splat64(0, 0x3ff00000)))
  code.op("v128.or")
}

export const unaries: Operations<UnaryOp, Unary> = {
  f32: {
    neg: unary("f32x4.neg"),
    abs: unary("f32x4.abs"),
    sqrt: unary("f32x4.sqrt"),
    floor: unary("f32x4.floor"),
    ceil: unary("f32x4.ceil"),
    trunc: unary("f32x4.trunc"),
    nearest: unary("f32x4.nearest"),
    pow2: pow2F32,
    exponent: exponentF32,
    mantissa: mantissaF32
  },
  f64: {
    neg: unary("f64x2.neg"),
    abs: unary("f64x2.abs"),
    sqrt: unary("f64x2.sqrt"),
    floor: unary("f64x2.floor"),
    ceil: unary("f64x2.ceil"),
    trunc: unary("f64x2.trunc"),
    nearest: unary("f64x2.nearest"),
    pow2: pow2F64,
    exponent: exponentF64,
    mantissa: mantissaF64
  },
  i32: { neg: unary("i32x4.neg"), abs: unary("i32x4.abs"), not: unary("v128.not") },
  u32: { neg: unary("i32x4.neg"), abs: identity, not: unary("v128.not") },
  bool: { not: unary("v128.not") }
}

/** Everything but shifts, whose second operand is a scalar in the machine: see `shifts`. */
export const binaries: Operations<BinaryOp, Binary> = {
  f32: {
    add: binary("f32x4.add"),
    sub: binary("f32x4.sub"),
    mul: binary("f32x4.mul"),
    div: binary("f32x4.div"),
    min: binary("f32x4.min"),
    max: binary("f32x4.max"),
    pmin: binary("f32x4.pmin"),
    pmax: binary("f32x4.pmax")
  },
  f64: {
    add: binary("f64x2.add"),
    sub: binary("f64x2.sub"),
    mul: binary("f64x2.mul"),
    div: binary("f64x2.div"),
    min: binary("f64x2.min"),
    max: binary("f64x2.max"),
    pmin: binary("f64x2.pmin"),
    pmax: binary("f64x2.pmax")
  },
  i32: {
    add: binary("i32x4.add"),
    sub: binary("i32x4.sub"),
    mul: binary("i32x4.mul"),
    min: binary("i32x4.min_s"),
    max: binary("i32x4.max_s"),
    and: binary("v128.and"),
    or: binary("v128.or"),
    xor: binary("v128.xor")
  },
  u32: {
    add: binary("i32x4.add"),
    sub: binary("i32x4.sub"),
    mul: binary("i32x4.mul"),
    min: binary("i32x4.min_u"),
    max: binary("i32x4.max_u"),
    and: binary("v128.and"),
    or: binary("v128.or"),
    xor: binary("v128.xor")
  },
  bool: { and: binary("v128.and"), or: binary("v128.or"), xor: binary("v128.xor") }
}

/**
 * `min` and `max` of floats with a literal, which is never NaN, by `pmin` and `pmax` (one instruction, where V8 needs
 * eight for `min` and `max`): these take the first operand where the comparison is false, so NaN is kept, and only an
 * operand that equals the literal and is a zero of the other sign needs care. -0 + 0 is 0; nothing helps `min` with -0.
 */
export const extremumWithLiteral = (dtype: "f32" | "f64", op: "min" | "max", literal: number): Binary | undefined => {
  const shape = dtype === "f32" ? "f32x4" : "f64x2"
  const cheap = binary(`${shape}.p${op}`)
  if (Number.isNaN(literal) || (op === "min" && Object.is(literal, -0))) return undefined
  if (op === "min" || !Object.is(literal, 0)) return cheap
  return (tools, a, b) => {
    cheap(tools, a, b)
    tools.code.get(tools.constants.words(splat32(0)))
    tools.code.op(`${shape}.add`)
  }
}

/** In `wide` code: the sum without `i32x4.add`, which V8 takes for the end of a reduction and pairs its operands. */
export const addWithoutSeed: Binary = ({ code }, a, b) => {
  a()
  b()
  code.op("i32x4.neg")
  code.op("i32x4.sub")
}

/** Operations V8 has no 256-bit form for. */
export const isUnpaired = (dtype: DType, op: UnaryOp): boolean =>
  dtype === "f64" && (op === "floor" || op === "ceil" || op === "trunc" || op === "nearest")

/** The instruction of a shift of vectors by a scalar. */
export const shifts: Readonly<Record<"i32" | "u32", Readonly<Record<"shl" | "shr", Opcode>>>> = {
  i32: { shl: "i32x4.shl", shr: "i32x4.shr_s" },
  u32: { shl: "i32x4.shl", shr: "i32x4.shr_u" }
}

const comparisonsOf = (
  type: "f32x4" | "f64x2" | "i32x4",
  sign: "" | "_s" | "_u"
): Readonly<Record<CompareOp, Binary>> => ({
  eq: binary(`${type}.eq`),
  ne: binary(`${type}.ne`),
  lt: binary(`${type}.lt${sign}` as Opcode),
  le: binary(`${type}.le${sign}` as Opcode),
  gt: binary(`${type}.gt${sign}` as Opcode),
  ge: binary(`${type}.ge${sign}` as Opcode)
})

export const comparisons: Operations<CompareOp, Binary> = {
  f32: comparisonsOf("f32x4", ""),
  f64: comparisonsOf("f64x2", ""),
  i32: comparisonsOf("i32x4", "_s"),
  u32: comparisonsOf("i32x4", "_u"),
  // Masks of 64 bits are equal in their halves exactly if they are equal.
  bool: { eq: binary("i32x4.eq"), ne: binary("i32x4.ne") }
}

const zero = splat32(0)

/** Conversions among the types of 4 bytes, from the first dtype to the second. */
export const casts: Readonly<Record<DType, Readonly<Partial<Record<DType, Unary>>>>> = {
  f32: {
    f32: identity,
    i32: unary("i32x4.trunc_sat_f32x4_s"),
    u32: unary("i32x4.trunc_sat_f32x4_u"),
    bool: withWords("f32x4.ne", zero)
  },
  f64: { f64: identity },
  i32: { f32: unary("f32x4.convert_i32x4_s"), i32: identity, u32: identity, bool: withWords("i32x4.ne", zero) },
  u32: { f32: unary("f32x4.convert_i32x4_u"), i32: identity, u32: identity, bool: withWords("i32x4.ne", zero) },
  bool: {
    f32: withWords("v128.and", splat32(bitsOfF32(1))),
    i32: withWords("v128.and", splat32(1)),
    u32: withWords("v128.and", splat32(1)),
    bool: identity
  }
}

/** The instruction that copies a scalar into all lanes. */
export const splats: Readonly<Record<DType, Opcode>> = {
  f32: "f32x4.splat",
  f64: "f64x2.splat",
  i32: "i32x4.splat",
  u32: "i32x4.splat",
  bool: "i32x4.splat"
}

/** The instruction that takes one lane out; `bool` lanes come out as masks. */
export const extracts: Readonly<Record<DType, Opcode>> = {
  f32: "f32x4.extract_lane",
  f64: "f64x2.extract_lane",
  i32: "i32x4.extract_lane",
  u32: "i32x4.extract_lane",
  bool: "i32x4.extract_lane"
}

/** The recipe for an operation, or a sentence if the dtype has none. */
export const find = <Op extends string, Recipe>(
  frame: Frame,
  table: Operations<Op, Recipe>,
  dtype: DType,
  op: Op
): Recipe => {
  const recipe = table[dtype][op]
  if (recipe === undefined) throw unsupported(frame, `${op} on a vector of ${dtype}`)
  return recipe
}
