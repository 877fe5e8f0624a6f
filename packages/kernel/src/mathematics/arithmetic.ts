/**
 * The notation in which the scalar functions are written: IR operations on one float type, where a number stands for
 * the constant in every lane.
 */
import type { Builder } from "../builder.ts"
import type { Register, Type } from "../ir.ts"

/** The dtypes the scalar functions are defined for. */
export type Float = "f32" | "f64"

/** A function of one float register; the result has the operand's type. */
export type UnaryDefinition = (b: Builder, x: Register) => Register

/** A function of two float registers of one type; the result has that type. */
export type BinaryDefinition = (b: Builder, x: Register, y: Register) => Register

/** A register, or a number that stands for the constant. */
export type Operand = Register | number

/** The dtype of a float register; anything else is a mistake of the caller, told in a sentence. */
export const floatOf = (type: Type): Float => {
  if (type.dtype === "f32" || type.dtype === "f64") return type.dtype
  throw new TypeError(`the scalar functions are defined for f32 and f64, not for ${type.dtype}: cast the operand first`)
}

type Two = (a: Operand, c: Operand) => Register
type One = (a: Operand) => Register

/** IR operations on registers of one float type. */
export interface Arithmetic {
  readonly constant: (value: number) => Register
  readonly add: Two
  readonly sub: Two
  readonly mul: Two
  readonly div: Two
  readonly neg: One
  readonly abs: One
  readonly floor: One
  readonly nearest: One
  /** The nearest whole number, halves to even, for |x| < 2^51 in f64; far larger numbers stay large. */
  readonly whole: One
  readonly pow2: One
  readonly exponent: One
  readonly pmin: Two
  /** `x` kept within [low, high]; NaN stays NaN. */
  readonly clamp: (x: Operand, low: number, high: number) => Register
  readonly eq: Two
  readonly ne: Two
  readonly lt: Two
  readonly gt: Two
  /** Both, or either, of two conditions. */
  readonly and: (a: Register, c: Register) => Register
  readonly or: (a: Register, c: Register) => Register
  readonly select: (condition: Register, a: Operand, c: Operand) => Register
  /** c0 + c1 x + c2 x^2 + ... by Horner's rule. */
  readonly polynomial: (x: Register, coefficients: ReadonlyArray<number>) => Register
}

/** The operations for registers of the given type; each constant is emitted once, rounded to the dtype. */
export const arithmetic = (b: Builder, type: Type): Arithmetic => {
  const single = floatOf(type) === "f32"
  const constants = new Map<string, Register>()
  const constant = (value: number): Register => {
    const rounded = single ? Math.fround(value) : value
    const key = Object.is(rounded, -0) ? "-0" : String(rounded)
    const known = constants.get(key)
    if (known !== undefined) return known
    const made = b.constant(rounded, type)
    constants.set(key, made)
    return made
  }
  const register = (operand: Operand): Register => (typeof operand === "number" ? constant(operand) : operand)
  const one =
    (op: "neg" | "abs" | "floor" | "nearest" | "pow2" | "exponent"): One =>
    (a) =>
      b.unary(op, register(a))
  const two =
    (op: "add" | "sub" | "mul" | "div" | "pmin" | "pmax"): Two =>
    (a, c) =>
      b.binary(op, register(a), register(c))
  const test =
    (op: "eq" | "ne" | "lt" | "gt"): Two =>
    (a, c) =>
      b.compare(op, register(a), register(c))
  const add = two("add")
  const sub = two("sub")
  const mul = two("mul")
  const pmin = two("pmin")
  const pmax = two("pmax")
  return {
    constant,
    add,
    sub,
    mul,
    div: two("div"),
    neg: one("neg"),
    abs: one("abs"),
    floor: one("floor"),
    nearest: one("nearest"),
    // V8 has no 256-bit rounding of f64, but the addition that drops the fraction.
    whole: single ? one("nearest") : (a) => sub(add(a, 1.5 * 2 ** 52), 1.5 * 2 ** 52),
    pow2: one("pow2"),
    exponent: one("exponent"),
    pmin,
    clamp: (x, low, high) => pmin(pmax(x, low), high),
    eq: test("eq"),
    ne: test("ne"),
    lt: test("lt"),
    gt: test("gt"),
    and: (a, c) => b.binary("and", a, c),
    or: (a, c) => b.binary("or", a, c),
    select: (condition, a, c) => b.select(condition, register(a), register(c)),
    polynomial: (x, coefficients) =>
      coefficients
        .slice(0, -1)
        .reduceRight<Register>((sum, c) => add(mul(sum, x), c), constant(coefficients[coefficients.length - 1] ?? 0))
  }
}
