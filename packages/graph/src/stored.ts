/** What the attributes of primitives look like when stored: a Schema for each kind. */
import * as Schema from "effect/Schema"
import { allocate, type DType } from "./dtype.ts"
import { CodecError, showShape } from "./errors.ts"
import type { AnyPrimitive, AttributeKind } from "./primitive.ts"
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

/** The Schema of each kind of attribute. */
const attributeSchemas = {
  integer: Schema.Int,
  integers: Integers,
  pair: Schema.Tuple([Integers, Integers]),
  number: StoredNumber,
  boolean: Schema.Boolean,
  text: Schema.String,
  dtype: StoredDType,
  value: StoredValue
} as const satisfies Readonly<Record<AttributeKind, Schema.ConstraintDecoder<unknown>>>

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

/** An attribute as the primitive knows it: numbers and constants were stored as JSON can. */
const decodeAttribute = (kind: AttributeKind | undefined, stored: unknown): unknown => {
  if (kind === "value" && isStoredValue(stored)) return decodeValue(stored)
  return kind === "number" ? Number(stored) : stored
}

const structs = new WeakMap<AnyPrimitive["form"], Schema.ConstraintDecoder<Attributes>>()

/** The Schema of the attributes of a form. */
const structOf = (form: AnyPrimitive["form"]): Schema.ConstraintDecoder<Attributes> => {
  const known = structs.get(form)
  if (known !== undefined) return known
  const made = Schema.Struct(
    Object.fromEntries(Object.entries(form.attributes).map(([name, kind]) => [name, attributeSchemas[kind]]))
  )
  structs.set(form, made)
  return made
}

/** Attributes of a primitive from their JSON form; throws unless they have its form. */
export const decodeAttributes = (form: AnyPrimitive["form"], stored: unknown): Attributes => {
  const attributes = Schema.decodeUnknownSync(structOf(form), { onExcessProperty: "error" })(stored)
  return Object.fromEntries(
    Object.entries(attributes).map(([name, x]) => [name, decodeAttribute(form.attributes[name], x)])
  )
}
