/**
 * What each primitive looks like when stored: how many operands it takes and a Schema of its attributes. The table is
 * total, so that a new primitive does not compile before it can be stored.
 */
import * as Schema from "effect/Schema"
import { allocate, type DType } from "./dtype.ts"
import { CodecError, showShape } from "./errors.ts"
import type { PrimitiveName } from "./primitives/index.ts"
import { type Attributes, sizeOf } from "./tensor.ts"
import { isValue, type Value } from "./value.ts"

/** The Schema of an element type. */
export const StoredDType = Schema.Literals(["f32", "f64", "i32", "u32", "bool"])

/** The Schema of a list of whole numbers: sizes, axes, bounds. */
export const Integers = Schema.Array(Schema.Int)

/** A number as JSON: JSON itself knows neither NaN nor the infinities nor -0. */
const StoredNumber = Schema.Union([Schema.Finite, Schema.Literals(["NaN", "Infinity", "-Infinity", "-0"])])

/** A constant as JSON: its bytes in hexadecimal keep every bit. */
const StoredValue = Schema.Struct({ shape: Integers, dtype: StoredDType, hex: Schema.String })

/** The form of a stored node: the number of operands (any when undefined) and of regions, and its attributes. */
export interface NodeForm {
  readonly operands: number | undefined
  readonly regions: number
  readonly attributes: Schema.ConstraintDecoder<Attributes>
}

const form = (
  operands: number | undefined,
  fields: Readonly<Record<string, Schema.ConstraintDecoder<unknown>>> = {},
  regions = 0
): NodeForm => ({ operands, regions, attributes: Schema.Struct(fields) })

const axis = { axis: Schema.Int }
const axes = { axes: Integers }
const pair = Schema.Tuple([Integers, Integers])

/** The form of every primitive. */
export const nodeForms: Readonly<Record<PrimitiveName, NodeForm>> = {
  abs: form(1),
  add: form(2),
  alias: form(1),
  and: form(2),
  argmax: form(1, axis),
  broadcast: form(1, { shape: Integers }),
  cast: form(1, { dtype: StoredDType }),
  concat: form(undefined, axis),
  constant: form(0, { value: StoredValue }),
  cos: form(1),
  div: form(2),
  dot: form(2, { batch: pair, contract: pair }),
  eq: form(2),
  erf: form(1),
  exp: form(1),
  expm1: form(1),
  floor: form(1),
  gather: form(2, axis),
  iota: form(0, { shape: Integers, axis: Schema.Int, dtype: StoredDType }),
  le: form(2),
  log: form(1),
  log1p: form(1),
  lt: form(2),
  max: form(2),
  min: form(2),
  mul: form(2),
  neg: form(1),
  not: form(1),
  or: form(2),
  pad: form(1, { low: Integers, high: Integers, interior: Integers, value: StoredNumber }),
  parameter: form(0, { name: Schema.String, shape: Integers, dtype: StoredDType }),
  pow: form(2),
  reduceMax: form(1, axes),
  reduceMin: form(1, axes),
  reduceSum: form(1, axes),
  reshape: form(1, { shape: Integers }),
  scan: form(undefined, { carries: Schema.Int, sequences: Schema.Int, length: Schema.Int, reverse: Schema.Boolean }, 1),
  scatterAdd: form(3, axis),
  select: form(3),
  shiftLeft: form(2),
  shiftRight: form(2),
  sigmoid: form(1),
  sign: form(1),
  sin: form(1),
  slice: form(1, { start: Integers, limit: Integers, step: Integers }),
  sqrt: form(1),
  stopGradient: form(1),
  sub: form(2),
  tanh: form(1),
  threefry: form(4),
  transpose: form(1, { permutation: Integers }),
  xor: form(2)
}

const bytesOf: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, u32: 4, bool: 1 }

const encodeValue = ({ shape, dtype, data }: Value): typeof StoredValue.Type => {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return { shape, dtype, hex: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") }
}

const decodeValue = ({ shape, dtype, hex }: typeof StoredValue.Type): Value => {
  const length = sizeOf(shape)
  // Checked before anything is allocated: a few characters must not claim gigabytes.
  if (hex.length !== length * bytesOf[dtype] * 2 || !/^[0-9a-f]*$/.test(hex)) {
    throw new CodecError(
      `${dtype}${showShape(shape)} needs ${length * bytesOf[dtype]} bytes in hexadecimal, got ${hex.length} characters`
    )
  }
  const data = allocate(dtype, length)
  const bytes = new Uint8Array(data.buffer)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  if (dtype === "bool" && bytes.some((byte) => byte > 1)) throw new CodecError("a bool is neither 0 nor 1")
  return { shape, dtype, data }
}

const encodeNumber = (x: number): typeof StoredNumber.Type =>
  Object.is(x, -0) ? "-0" : x === Infinity ? "Infinity" : x === -Infinity ? "-Infinity" : x !== x ? "NaN" : x

/** Attributes as JSON-ready data. */
export const encodeAttributes = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, x]) => [
      name,
      isValue(x) ? encodeValue(x) : typeof x === "number" ? encodeNumber(x) : x
    ])
  )

const isStoredValue = Schema.is(StoredValue)

/** Attributes of a primitive from their JSON form; throws unless they have its form. */
export const decodeAttributes = ({ attributes: form }: NodeForm, stored: unknown): Attributes => {
  const attributes = Schema.decodeUnknownSync(form, { onExcessProperty: "error" })(stored)
  const { value } = attributes
  if (isStoredValue(value)) return { ...attributes, value: decodeValue(value) }
  return typeof value === "string" ? { ...attributes, value: Number(value) } : attributes
}
