/**
 * JavaScript expressions for the operations on one element, by dtype.
 *
 * Operands are atoms: a name or a literal. Integers are numbers in the range of their type, `bool` is 0 or 1, and every
 * f32 result is rounded by `f`, which is Math.fround: a double product, sum, quotient or square root of two floats,
 * rounded again, is the correctly rounded float.
 */
import type { BinaryOp, CompareOp, DType, UnaryOp } from "@cotangent/kernel"

export type Unary = (a: string) => string
export type Binary = (a: string, b: string) => string

type Operations<Op extends string, Expression> = Readonly<Record<DType, Readonly<Partial<Record<Op, Expression>>>>>

const call =
  (name: string): Unary =>
  (a) =>
    `${name}(${a})`

const call2 =
  (name: string): Binary =>
  (a, b) =>
    `${name}(${a}, ${b})`

const identity: Unary = (a) => a

/** The same for both float types. */
const rounding = {
  floor: call("Math.floor"),
  ceil: call("Math.ceil"),
  trunc: call("Math.trunc"),
  nearest: call("nearest")
}

export const unaries: Operations<UnaryOp, Unary> = {
  f32: {
    neg: (a) => `-${a}`,
    abs: call("Math.abs"),
    sqrt: (a) => `f(Math.sqrt(${a}))`,
    ...rounding,
    pow2: call("pow2F32"),
    exponent: call("exponentF32"),
    mantissa: call("mantissaF32")
  },
  f64: {
    neg: (a) => `-${a}`,
    abs: call("Math.abs"),
    sqrt: call("Math.sqrt"),
    ...rounding,
    pow2: call("pow2F64"),
    exponent: call("exponentF64"),
    mantissa: call("mantissaF64")
  },
  i32: { neg: (a) => `-${a} | 0`, abs: (a) => `Math.abs(${a}) | 0`, not: (a) => `~${a}` },
  u32: { neg: (a) => `-${a} >>> 0`, abs: identity, not: (a) => `~${a} >>> 0` },
  bool: { not: (a) => `${a} ^ 1` }
}

/** The same expression for all numbers. */
const extrema = { min: call2("Math.min"), max: call2("Math.max") }

const plainExtrema = {
  ...extrema,
  pmin: (a: string, b: string) => `${b} < ${a} ? ${b} : ${a}`,
  pmax: (a: string, b: string) => `${a} < ${b} ? ${b} : ${a}`
}

export const binaries: Operations<BinaryOp, Binary> = {
  f32: {
    add: (a, b) => `f(${a} + ${b})`,
    sub: (a, b) => `f(${a} - ${b})`,
    mul: (a, b) => `f(${a} * ${b})`,
    div: (a, b) => `f(${a} / ${b})`,
    ...plainExtrema
  },
  f64: {
    add: (a, b) => `${a} + ${b}`,
    sub: (a, b) => `${a} - ${b}`,
    mul: (a, b) => `${a} * ${b}`,
    div: (a, b) => `${a} / ${b}`,
    ...plainExtrema
  },
  // Division by zero gives an infinity or NaN, which | 0 and >>> 0 turn into 0.
  i32: {
    add: (a, b) => `(${a} + ${b}) | 0`,
    sub: (a, b) => `(${a} - ${b}) | 0`,
    mul: (a, b) => `Math.imul(${a}, ${b})`,
    div: (a, b) => `(${a} / ${b}) | 0`,
    rem: (a, b) => `(${a} % ${b}) | 0`,
    ...extrema,
    and: (a, b) => `${a} & ${b}`,
    or: (a, b) => `${a} | ${b}`,
    xor: (a, b) => `${a} ^ ${b}`,
    shl: (a, b) => `${a} << ${b}`,
    shr: (a, b) => `${a} >> ${b}`
  },
  u32: {
    add: (a, b) => `(${a} + ${b}) >>> 0`,
    sub: (a, b) => `(${a} - ${b}) >>> 0`,
    mul: (a, b) => `Math.imul(${a}, ${b}) >>> 0`,
    div: (a, b) => `(${a} / ${b}) >>> 0`,
    rem: (a, b) => `(${a} % ${b}) >>> 0`,
    ...extrema,
    and: (a, b) => `(${a} & ${b}) >>> 0`,
    or: (a, b) => `(${a} | ${b}) >>> 0`,
    xor: (a, b) => `(${a} ^ ${b}) >>> 0`,
    shl: (a, b) => `(${a} << ${b}) >>> 0`,
    shr: (a, b) => `${a} >>> ${b}`
  },
  bool: { and: (a, b) => `${a} & ${b}`, or: (a, b) => `${a} | ${b}`, xor: (a, b) => `${a} ^ ${b}` }
}

const comparison =
  (operator: string): Binary =>
  (a, b) =>
    `${a} ${operator} ${b} ? 1 : 0`

const equality = { eq: comparison("==="), ne: comparison("!==") }
const order = { ...equality, lt: comparison("<"), le: comparison("<="), gt: comparison(">"), ge: comparison(">=") }

export const comparisons: Operations<CompareOp, Binary> = {
  f32: order,
  f64: order,
  i32: order,
  u32: order,
  bool: equality
}

const isNotZero: Unary = (a) => `${a} !== 0 ? 1 : 0`

/** Conversions, from the first dtype to the second. */
export const casts: Readonly<Record<DType, Readonly<Record<DType, Unary>>>> = {
  f32: { f32: identity, f64: identity, i32: call("toI32"), u32: call("toU32"), bool: isNotZero },
  f64: { f32: call("f"), f64: identity, i32: call("toI32"), u32: call("toU32"), bool: isNotZero },
  i32: { f32: call("f"), f64: identity, i32: identity, u32: (a) => `${a} >>> 0`, bool: isNotZero },
  u32: { f32: call("f"), f64: identity, i32: (a) => `${a} | 0`, u32: identity, bool: isNotZero },
  bool: { f32: identity, f64: identity, i32: identity, u32: identity, bool: identity }
}

/** A number as an atom: negative literals are put in parentheses, so that they can follow an operator. */
export const literal = (value: number): string =>
  Object.is(value, -0) ? "(-0)" : value < 0 ? `(${value})` : String(value)

/** The functions an expression may call besides Math, by name, with what they need. */
export const preludes: ReadonlyArray<{ readonly name: string; readonly needs?: string; readonly source: string }> = [
  { name: "f", source: "const f = Math.fround" },
  { name: "bitsF32", source: "const bitsF32 = new Float32Array(1)\nconst wordF32 = new Int32Array(bitsF32.buffer)" },
  { name: "bitsF64", source: "const bitsF64 = new Float64Array(1)\nconst wordsF64 = new Uint32Array(bitsF64.buffer)" },
  {
    name: "pow2F32",
    needs: "bitsF32",
    source: `// The sum holds n + 127 in its low bits; shifted to the exponent field they are 2^n.
const pow2F32 = (n) => {
  bitsF32[0] = n + 12583039
  wordF32[0] <<= 23
  return bitsF32[0]
}`
  },
  {
    name: "exponentF32",
    needs: "bitsF32",
    source: `const exponentF32 = (x) => {
  bitsF32[0] = x
  wordF32[0] = (wordF32[0] >>> 23) | 0x4b000000
  return f(bitsF32[0] - 8388735)
}`
  },
  {
    name: "mantissaF32",
    needs: "bitsF32",
    source: `const mantissaF32 = (x) => {
  bitsF32[0] = x
  wordF32[0] = (wordF32[0] & 0x007fffff) | 0x3f800000
  return bitsF32[0]
}`
  },
  {
    name: "pow2F64",
    needs: "bitsF64",
    source: `const pow2F64 = (n) => {
  bitsF64[0] = n + 6755399441056767
  wordsF64[1] = wordsF64[0] << 20
  wordsF64[0] = 0
  return bitsF64[0]
}`
  },
  {
    name: "exponentF64",
    needs: "bitsF64",
    source: `const exponentF64 = (x) => {
  bitsF64[0] = x
  wordsF64[0] = wordsF64[1] >>> 20
  wordsF64[1] = 0x43300000
  return bitsF64[0] - 4503599627371519
}`
  },
  {
    name: "mantissaF64",
    needs: "bitsF64",
    source: `const mantissaF64 = (x) => {
  bitsF64[0] = x
  wordsF64[1] = (wordsF64[1] & 0x000fffff) | 0x3ff00000
  return bitsF64[0]
}`
  },
  {
    name: "nearest",
    source: `// Rounds halves to even: at 2^52 the doubles are the integers.
const nearest = (x) => {
  if (!(Math.abs(x) < 4503599627370496)) return x
  const rounded = x < 0 ? x - 4503599627370496 + 4503599627370496 : x + 4503599627370496 - 4503599627370496
  return rounded === 0 ? x * 0 : rounded
}`
  },
  {
    name: "toI32",
    source: "const toI32 = (x) => (x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0)"
  },
  { name: "toU32", source: "const toU32 = (x) => (x >= 4294967295 ? 4294967295 : x > 0 ? x >>> 0 : 0)" }
]
