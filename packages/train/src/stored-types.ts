/** The element types of tensors in files of other programs, and how they become ours: no value is changed silently. */
import { allocate, type DType, type HostArrays } from "@cotangent/graph"

/** An element type of files. */
export interface StoredType {
  /** What it becomes. */
  readonly dtype: DType
  /** Bytes of an element. */
  readonly bytes: number
  /** The elements in some bytes; gives a sentence about one that has no place in `dtype`. */
  readonly read: (bytes: Uint8Array, length: number) => HostArrays[DType] | string
}

const same = (dtype: DType): StoredType => ({
  dtype,
  bytes: allocate(dtype, 1).byteLength,
  read: (bytes, length) => {
    const array = allocate(dtype, length)
    new Uint8Array(array.buffer).set(bytes)
    // Any byte but 0 is true, and 1 is how this package writes it.
    return dtype === "bool" ? Uint8Array.from(array, (x) => (x === 0 ? 0 : 1)) : array
  }
})

const each = (dtype: DType, bytes: number, element: (view: DataView, at: number) => number): StoredType => ({
  dtype,
  bytes,
  read: (data, length) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const array = allocate(dtype, length)
    for (let i = 0; i < length; i++) array[i] = element(view, i * bytes)
    return array
  }
})

const words = new DataView(new ArrayBuffer(4))

/** Brain floats are the upper half of a float32. */
const brain = (view: DataView, at: number): number => {
  words.setUint32(0, view.getUint16(at, true) << 16)
  return words.getFloat32(0)
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
const half = (view: DataView, at: number): number => {
  const bits = view.getUint16(at, true)
  const sign = bits >> 15 === 0 ? 1 : -1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

/** Whole numbers of 64 bits, where 32 hold them: indices and counts. */
const long: StoredType = {
  dtype: "i32",
  bytes: 8,
  read: (data, length) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const array = new Int32Array(length)
    for (let i = 0; i < length; i++) {
      const element = view.getBigInt64(8 * i, true)
      if (element !== BigInt.asIntN(32, element)) return `holds ${element}, which 32 bits do not hold`
      array[i] = Number(element)
    }
    return array
  }
}

/** The types that are read, by the names safetensors has for them. */
export const storedTypes: ReadonlyMap<string, StoredType> = new Map([
  ["F32", same("f32")],
  ["F64", same("f64")],
  ["I32", same("i32")],
  ["U32", same("u32")],
  ["BOOL", same("bool")],
  ["F16", each("f32", 2, half)],
  ["BF16", each("f32", 2, brain)],
  ["I64", long],
  ["I16", each("i32", 2, (view, at) => view.getInt16(at, true))],
  ["U16", each("i32", 2, (view, at) => view.getUint16(at, true))],
  ["I8", each("i32", 1, (view, at) => view.getInt8(at))],
  ["U8", each("i32", 1, (view, at) => view.getUint8(at))]
])
