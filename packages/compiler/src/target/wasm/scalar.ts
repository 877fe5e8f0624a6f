/** Scalar arithmetic: a recipe for every operation on one element, by dtype. `bool` is i32 0 or 1. */
import type { BinaryOp, CompareOp, DType, UnaryOp } from "@cotangent/kernel"
import { type Frame, unsupported } from "./frame.ts"
import type { Opcode } from "./opcodes.ts"
import { type Binary, binary, identity, type Push, type Tools, type Unary, unary } from "./recipe.ts"

type Operations<Op extends string, Recipe> = Readonly<Record<DType, Readonly<Partial<Record<Op, Recipe>>>>>

/** `condition(x, y) ? a : b` with the operands of the comparison chosen by the caller. */
const choose = (a: Push, b: Push, condition: Opcode, x: Push, y: Push, { code }: Tools): void => {
  a()
  b()
  x()
  y()
  code.op(condition)
  code.op("select")
}

/** `condition(b, a) ? b : a`: pmin with lt, and the integer minimum. */
const secondIf =
  (condition: Opcode): Binary =>
  (tools, a, b) =>
    choose(b, a, condition, b, a, tools)

/** `condition(a, b) ? b : a`: pmax with lt, and the integer maximum. */
const secondUnless =
  (condition: Opcode): Binary =>
  (tools, a, b) =>
    choose(b, a, condition, a, b, tools)

/** (x + 1.5 * 2^23 + 127) holds n + 127 in its low bits; shifted to the exponent field they are the bits of 2^n. */
const pow2F32: Unary = ({ code }, a) => {
  a()
  code.f32(12_582_912 + 127)
  code.op("f32.add")
  code.op("i32.reinterpret_f32")
  code.i32(23)
  code.op("i32.shl")
  code.op("f32.reinterpret_i32")
}

/** The biased exponent put into the low bits of 2^23 is 2^23 + e + 127. */
const exponentF32: Unary = ({ code }, a) => {
  a()
  code.op("i32.reinterpret_f32")
  code.i32(23)
  code.op("i32.shr_u")
  code.i32(0x4b000000)
  code.op("i32.or")
  code.op("f32.reinterpret_i32")
  code.f32(8_388_608 + 127)
  code.op("f32.sub")
}

const mantissaF32: Unary = ({ code }, a) => {
  a()
  code.op("i32.reinterpret_f32")
  code.i32(0x007fffff)
  code.op("i32.and")
  code.i32(0x3f800000)
  code.op("i32.or")
  code.op("f32.reinterpret_i32")
}

const pow2F64: Unary = ({ code }, a) => {
  a()
  code.f64(6_755_399_441_055_744 + 1023)
  code.op("f64.add")
  code.op("i64.reinterpret_f64")
  code.i64(52n)
  code.op("i64.shl")
  code.op("f64.reinterpret_i64")
}

const exponentF64: Unary = ({ code }, a) => {
  a()
  code.op("i64.reinterpret_f64")
  code.i64(52n)
  code.op("i64.shr_u")
  code.i64(0x4330000000000000n)
  code.op("i64.or")
  code.op("f64.reinterpret_i64")
  code.f64(4_503_599_627_370_496 + 1023)
  code.op("f64.sub")
}

const mantissaF64: Unary = ({ code }, a) => {
  a()
  code.op("i64.reinterpret_f64")
  code.i64(0x000fffffffffffffn)
  code.op("i64.and")
  code.i64(0x3ff0000000000000n)
  code.op("i64.or")
  code.op("f64.reinterpret_i64")
}

const negateInteger: Unary = ({ code }, a) => {
  code.i32(0)
  a()
  code.op("i32.sub")
}

const complement: Unary = ({ code }, a) => {
  a()
  code.i32(-1)
  code.op("i32.xor")
}

const absoluteInteger: Unary = ({ code }, a) => {
  a()
  code.i32(0)
  a()
  code.op("i32.sub")
  a()
  code.i32(0)
  code.op("i32.ge_s")
  code.op("select")
}

export const unaries: Operations<UnaryOp, Unary> = {
  f32: {
    neg: unary("f32.neg"),
    abs: unary("f32.abs"),
    sqrt: unary("f32.sqrt"),
    floor: unary("f32.floor"),
    ceil: unary("f32.ceil"),
    trunc: unary("f32.trunc"),
    nearest: unary("f32.nearest"),
    pow2: pow2F32,
    exponent: exponentF32,
    mantissa: mantissaF32
  },
  f64: {
    neg: unary("f64.neg"),
    abs: unary("f64.abs"),
    sqrt: unary("f64.sqrt"),
    floor: unary("f64.floor"),
    ceil: unary("f64.ceil"),
    trunc: unary("f64.trunc"),
    nearest: unary("f64.nearest"),
    pow2: pow2F64,
    exponent: exponentF64,
    mantissa: mantissaF64
  },
  i32: { neg: negateInteger, abs: absoluteInteger, not: complement },
  u32: { neg: negateInteger, abs: identity, not: complement },
  bool: { not: unary("i32.eqz") }
}

/** 0 for a zero divisor; the machine instruction would trap. */
const unsignedDivision =
  (name: "div_u" | "rem_u"): Binary =>
  ({ code }, a, b) => {
    a()
    b()
    b()
    code.op("i32.eqz")
    code.op("i32.or")
    code.op(`i32.${name}`)
    code.i32(0)
    b()
    code.op("select")
  }

/** 0 for a zero divisor, -a for -1 (the smallest number divided by -1 wraps; the machine instruction would trap). */
const signedQuotient: Binary = ({ code }, a, b) => {
  a()
  code.i32(1)
  b()
  b()
  code.i32(1)
  code.op("i32.add")
  code.i32(2)
  code.op("i32.lt_u")
  code.op("select")
  code.op("i32.div_s")
  code.i32(0)
  a()
  code.op("i32.sub")
  code.i32(0)
  b()
  code.op("select")
  b()
  code.i32(1)
  code.op("i32.add")
  code.i32(2)
  code.op("i32.ge_u")
  code.op("select")
}

const signedRemainder: Binary = ({ code }, a, b) => {
  a()
  b()
  b()
  code.op("i32.eqz")
  code.op("i32.or")
  code.op("i32.rem_s")
  code.i32(0)
  b()
  code.op("select")
}

/** Division by a literal other than 0 and -1 needs no guard, and V8 turns it into a multiplication. */
export const divisionByLiteral = (op: "div" | "rem", dtype: "i32" | "u32"): Binary =>
  binary(`i32.${op}_${dtype === "i32" ? "s" : "u"}`)

export const binaries: Operations<BinaryOp, Binary> = {
  f32: {
    add: binary("f32.add"),
    sub: binary("f32.sub"),
    mul: binary("f32.mul"),
    div: binary("f32.div"),
    min: binary("f32.min"),
    max: binary("f32.max"),
    pmin: secondIf("f32.lt"),
    pmax: secondUnless("f32.lt")
  },
  f64: {
    add: binary("f64.add"),
    sub: binary("f64.sub"),
    mul: binary("f64.mul"),
    div: binary("f64.div"),
    min: binary("f64.min"),
    max: binary("f64.max"),
    pmin: secondIf("f64.lt"),
    pmax: secondUnless("f64.lt")
  },
  i32: {
    add: binary("i32.add"),
    sub: binary("i32.sub"),
    mul: binary("i32.mul"),
    div: signedQuotient,
    rem: signedRemainder,
    min: secondIf("i32.lt_s"),
    max: secondUnless("i32.lt_s"),
    and: binary("i32.and"),
    or: binary("i32.or"),
    xor: binary("i32.xor"),
    shl: binary("i32.shl"),
    shr: binary("i32.shr_s")
  },
  u32: {
    add: binary("i32.add"),
    sub: binary("i32.sub"),
    mul: binary("i32.mul"),
    div: unsignedDivision("div_u"),
    rem: unsignedDivision("rem_u"),
    min: secondIf("i32.lt_u"),
    max: secondUnless("i32.lt_u"),
    and: binary("i32.and"),
    or: binary("i32.or"),
    xor: binary("i32.xor"),
    shl: binary("i32.shl"),
    shr: binary("i32.shr_u")
  },
  bool: { and: binary("i32.and"), or: binary("i32.or"), xor: binary("i32.xor") }
}

const comparisonsOf = (type: "f32" | "f64" | "i32", sign: "" | "_s" | "_u"): Readonly<Record<CompareOp, Binary>> => ({
  eq: binary(`${type}.eq`),
  ne: binary(`${type}.ne`),
  lt: binary(`${type}.lt${sign}` as Opcode),
  le: binary(`${type}.le${sign}` as Opcode),
  gt: binary(`${type}.gt${sign}` as Opcode),
  ge: binary(`${type}.ge${sign}` as Opcode)
})

export const comparisons: Operations<CompareOp, Binary> = {
  f32: comparisonsOf("f32", ""),
  f64: comparisonsOf("f64", ""),
  i32: comparisonsOf("i32", "_s"),
  u32: comparisonsOf("i32", "_u"),
  bool: { eq: binary("i32.eq"), ne: binary("i32.ne") }
}

const isNotZero: Readonly<Record<DType, Unary>> = {
  f32: ({ code }, a) => {
    a()
    code.f32(0)
    code.op("f32.ne")
  },
  f64: ({ code }, a) => {
    a()
    code.f64(0)
    code.op("f64.ne")
  },
  i32: ({ code }, a) => {
    a()
    code.i32(0)
    code.op("i32.ne")
  },
  u32: ({ code }, a) => {
    a()
    code.i32(0)
    code.op("i32.ne")
  },
  bool: identity
}

/** Conversions, from the first dtype to the second. */
export const casts: Readonly<Record<DType, Readonly<Record<DType, Unary>>>> = {
  f32: {
    f32: identity,
    f64: unary("f64.promote_f32"),
    i32: unary("i32.trunc_sat_f32_s"),
    u32: unary("i32.trunc_sat_f32_u"),
    bool: isNotZero.f32
  },
  f64: {
    f32: unary("f32.demote_f64"),
    f64: identity,
    i32: unary("i32.trunc_sat_f64_s"),
    u32: unary("i32.trunc_sat_f64_u"),
    bool: isNotZero.f64
  },
  i32: {
    f32: unary("f32.convert_i32_s"),
    f64: unary("f64.convert_i32_s"),
    i32: identity,
    u32: identity,
    bool: isNotZero.i32
  },
  u32: {
    f32: unary("f32.convert_i32_u"),
    f64: unary("f64.convert_i32_u"),
    i32: identity,
    u32: identity,
    bool: isNotZero.u32
  },
  bool: {
    f32: unary("f32.convert_i32_u"),
    f64: unary("f64.convert_i32_u"),
    i32: identity,
    u32: identity,
    bool: identity
  }
}

/** The recipe for an operation, or a sentence if the dtype has none. */
export const find = <Op extends string, Recipe>(
  frame: Frame,
  table: Operations<Op, Recipe>,
  dtype: DType,
  op: Op
): Recipe => {
  const recipe = table[dtype][op]
  if (recipe === undefined) throw unsupported(frame, `${op} on a scalar of ${dtype}`)
  return recipe
}
