/** Element types, the families operations are defined for, and the typed arrays that hold them on the host. */
import type { DType } from "@cotangent/kernel"
import { DTypeError } from "./errors.ts"

export type { DType } from "@cotangent/kernel"

/** The floating-point element types: the ones derivatives exist for. */
export type Float = "f32" | "f64"

/** The families of element types that operations are defined for, as sentences list them. */
export const domains = {
  float: ["f32", "f64"],
  number: ["f32", "f64", "i32", "u32"],
  integer: ["i32", "u32"],
  bits: ["i32", "u32", "bool"],
  any: ["f32", "f64", "i32", "u32", "bool"],
  bool: ["bool"]
} as const satisfies Readonly<Record<string, ReadonlyArray<DType>>>

/** The name of a family of element types. */
export type Domain = keyof typeof domains

/** The element types of a family, in order. */
export type DTypesOf<In extends Domain> = (typeof domains)[In]

/** Throws a DTypeError unless `dtype` belongs to the family; the sentence is the one of the types. */
export const checkDomain = (operation: string, domain: Domain, dtype: DType): void => {
  const accepted: ReadonlyArray<DType> = domains[domain]
  if (!accepted.includes(dtype)) {
    throw new DTypeError(`${operation}: defined for ${accepted.join(", ")}, got ${dtype}; use T.cast`)
  }
}

/** Throws a DTypeError unless two element types are equal. */
export const checkSameDType = (operation: string, a: DType, b: DType): void => {
  if (a !== b) throw new DTypeError(`${operation}: ${a} with ${b}; cast one side with T.cast`)
}

/** The typed array a host value of each element type lives in. */
export interface HostArrays {
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly bool: Uint8Array
}

/** Whether a dtype is floating point. */
export const isFloat = (dtype: DType): dtype is Float => dtype === "f32" || dtype === "f64"

/** Rounds a number to what `dtype` can hold: nearest float, integers modulo 2^32, booleans to 0 or 1. */
export const roundTo: Readonly<Record<DType, (x: number) => number>> = {
  f32: Math.fround,
  f64: (x) => x,
  i32: (x) => x | 0,
  u32: (x) => x >>> 0,
  bool: (x) => (x !== 0 ? 1 : 0)
}

/** A zeroed host array of `length` elements. */
export const allocate = <D extends DType>(dtype: D, length: number): HostArrays[D] => constructors[dtype](length)

const constructors: { readonly [D in DType]: (length: number) => HostArrays[D] } = {
  f32: (n) => new Float32Array(n),
  f64: (n) => new Float64Array(n),
  i32: (n) => new Int32Array(n),
  u32: (n) => new Uint32Array(n),
  bool: (n) => new Uint8Array(n)
}
