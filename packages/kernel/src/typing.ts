/** Which dtypes every operation is defined for, and the rules of register types. */
import { maxLanes, type BinaryOp, type CombineOp, type CompareOp, type DType, type Type, type UnaryOp } from "./ir.ts"

type Dtypes = ReadonlyArray<DType>

const floats: Dtypes = ["f32", "f64"]
const integers: Dtypes = ["i32", "u32"]
const numbers: Dtypes = [...floats, ...integers]
const bits: Dtypes = [...integers, "bool"]
const all: Dtypes = [...numbers, "bool"]

/** The dtypes an operation of one operand is defined for. */
export const unaryDtypes: Readonly<Record<UnaryOp, Dtypes>> = {
  neg: numbers,
  abs: numbers,
  sqrt: floats,
  floor: floats,
  ceil: floats,
  trunc: floats,
  nearest: floats,
  not: bits,
  pow2: floats,
  exponent: floats,
  mantissa: floats
}

/** The dtypes an operation of two operands is defined for. */
export const binaryDtypes: Readonly<Record<BinaryOp, Dtypes>> = {
  add: numbers,
  sub: numbers,
  mul: numbers,
  div: numbers,
  rem: integers,
  min: numbers,
  max: numbers,
  pmin: floats,
  pmax: floats,
  and: bits,
  or: bits,
  xor: bits,
  shl: integers,
  shr: integers
}

/** The dtypes a comparison is defined for. */
export const compareDtypes: Readonly<Record<CompareOp, Dtypes>> = {
  eq: all,
  ne: all,
  lt: numbers,
  le: numbers,
  gt: numbers,
  ge: numbers
}

/** The dtypes whose lanes an operation combines. */
export const combineDtypes: Readonly<Record<CombineOp, Dtypes>> = {
  add: numbers,
  mul: numbers,
  min: numbers,
  max: numbers,
  and: bits,
  or: bits
}

/** The most lanes a vector of this type may have: a mask of 64 bits has as many as `f64`. */
export const laneLimit = ({ dtype, mask }: Type): number => (mask === 64 ? maxLanes.f64 : maxLanes[dtype])

/** The same dtype, lanes and mask. */
export const sameType = (a: Type, b: Type): boolean => a.dtype === b.dtype && a.lanes === b.lanes && a.mask === b.mask

/** The type of a comparison of two operands of the given type. */
export const comparedType = ({ dtype, lanes, mask }: Type): Type =>
  lanes === 1
    ? { dtype: "bool", lanes }
    : { dtype: "bool", lanes, mask: dtype === "bool" ? (mask ?? 32) : dtype === "f64" ? 64 : 32 }

/** Whether a value is one of the dtype's. */
export const holds: Readonly<Record<DType, (value: number) => boolean>> = {
  f32: (value) => Object.is(Math.fround(value), value),
  f64: () => true,
  i32: (value) => Object.is(value | 0, value),
  u32: (value) => Object.is(value >>> 0, value),
  bool: (value) => Object.is(value, 0) || value === 1
}
