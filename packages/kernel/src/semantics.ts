/**
 * What every operation of the kernel IR computes, on host numbers: the meaning that all targets must reproduce.
 *
 * A value is a number: f32 values are exactly representable in 32 bits, i32 are signed, u32 unsigned, bool 0 or 1.
 * Results in f32 are rounded once; computing in f64 first is exact enough for + - * / and sqrt (Figueroa 1995).
 */
import type { BinaryOp, CombineOp, CompareOp, DType, UnaryOp } from "./ir.ts"

type One = (a: number) => number
type Two = (a: number, b: number) => number

const same: One = (a) => a

/** The nearest value of a dtype: rounding for floats, wrapping for integers, the lowest bit for bool. */
export const wrap: Readonly<Record<DType, One>> = {
  f32: Math.fround,
  f64: same,
  i32: (a) => a | 0,
  u32: (a) => a >>> 0,
  bool: (a) => a & 1
}

const scratch = new DataView(new ArrayBuffer(8))

/** The sign, the exponent and the upper bits of the fraction of a float: its highest 32 bits. */
const upperBits = (dtype: DType, a: number): number => {
  if (dtype === "f32") scratch.setFloat32(0, a)
  else scratch.setFloat64(0, a)
  return scratch.getInt32(0)
}

/** The float whose highest 32 bits are given; the rest is as `upperBits` left it. */
const withUpperBits = (dtype: DType, bits: number): number => {
  scratch.setInt32(0, bits)
  return dtype === "f32" ? scratch.getFloat32(0) : scratch.getFloat64(0)
}

/** How a float lies in its highest 32 bits. */
const layout = (dtype: DType): { readonly fraction: number; readonly bias: number } =>
  dtype === "f32" ? { fraction: 23, bias: 127 } : { fraction: 20, bias: 1023 }

const pow2 = (dtype: DType): One => {
  const { fraction, bias } = layout(dtype)
  return (a) => {
    upperBits(dtype, 0)
    return withUpperBits(dtype, (a + bias) << fraction)
  }
}

const exponent = (dtype: DType): One => {
  const { fraction, bias } = layout(dtype)
  return (a) => (upperBits(dtype, a) >>> fraction) - bias
}

const mantissa = (dtype: DType): One => {
  const { fraction, bias } = layout(dtype)
  return (a) => withUpperBits(dtype, (upperBits(dtype, a) & ((1 << fraction) - 1)) | (bias << fraction))
}

/** Rounds halves to even: adding and subtracting 2^52 leaves no fraction. */
const nearest: One = (a) => {
  const size = Math.abs(a)
  if (!(size < 2 ** 52)) return a
  const whole = size + 2 ** 52 - 2 ** 52
  return a < 0 || Object.is(a, -0) ? -whole : whole
}

/** The operation of one operand on a dtype. */
export const unary = (op: UnaryOp, dtype: DType): One => {
  const table: Readonly<Record<UnaryOp, One>> = {
    neg: (a) => -a,
    abs: Math.abs,
    sqrt: Math.sqrt,
    floor: Math.floor,
    ceil: Math.ceil,
    trunc: Math.trunc,
    nearest,
    not: dtype === "bool" ? (a) => 1 - a : (a) => ~a,
    pow2: pow2(dtype),
    exponent: exponent(dtype),
    mantissa: mantissa(dtype)
  }
  const operation = table[op]
  if (dtype === "f64") return operation
  const finish = wrap[dtype]
  return (a) => finish(operation(a))
}

const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f64"

/** The four operations in f32, written out because they are most of what runs. */
const single: Readonly<Partial<Record<BinaryOp, Two>>> = {
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b)
}

/** The operation of two operands on a dtype. */
export const binary = (op: BinaryOp, dtype: DType): Two => {
  const known = dtype === "f32" ? single[op] : undefined
  if (known !== undefined) return known
  const integral = !isFloat(dtype)
  const table: Readonly<Record<BinaryOp, Two>> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: integral ? Math.imul : (a, b) => a * b,
    div: integral ? (a, b) => (b === 0 ? 0 : Math.trunc(a / b)) : (a, b) => a / b,
    rem: (a, b) => (b === 0 ? 0 : a % b),
    min: Math.min,
    max: Math.max,
    pmin: (a, b) => (b < a ? b : a),
    pmax: (a, b) => (a < b ? b : a),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => a << b,
    shr: dtype === "u32" ? (a, b) => a >>> b : (a, b) => a >> b
  }
  const operation = table[op]
  if (dtype === "f64") return operation
  const finish = wrap[dtype]
  return (a, b) => finish(operation(a, b))
}

/** The comparisons, the same on every dtype. */
export const compare: Readonly<Record<CompareOp, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b
}

const saturate =
  (low: number, high: number): One =>
  (a) =>
    Number.isNaN(a) ? 0 : Math.trunc(Math.min(Math.max(a, low), high)) + 0

/** The conversion from one dtype to another; between i32 and u32 the bits are kept. */
export const cast = (from: DType, to: DType): One => {
  if (to === "bool") return (a) => (a !== 0 ? 1 : 0)
  if (isFloat(from) && to === "i32") return saturate(-(2 ** 31), 2 ** 31 - 1)
  if (isFloat(from) && to === "u32") return saturate(0, 2 ** 32 - 1)
  return wrap[to]
}

/** Folds halves, lane j with lane j + n/2, until one lane is left; the number of lanes is a power of two. */
export const combine = (op: CombineOp, dtype: DType, lanes: ReadonlyArray<number>): number => {
  const fold = binary(op, dtype)
  let rest = lanes
  while (rest.length > 1) {
    const half = rest.length / 2
    const upper = rest.slice(half)
    rest = rest.slice(0, half).map((value, lane) => fold(value, upper[lane] ?? value))
  }
  return rest[0] ?? 0
}
