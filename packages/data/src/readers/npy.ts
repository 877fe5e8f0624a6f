/** numpy's npy and npz files, both ways. */
import { allocate, type DType, type HostArrays, type Shape, sizeOf, type Value, Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import { DataError } from "../data-error.ts"
import { fromPlatform, readBytes } from "./bytes.ts"
import { malformed, type NpyHeader, readHeader, writeHeader } from "./npy-header.ts"
import * as Zip from "./zip.ts"

/** Reads a number at a place in bytes. */
type ReadElement = (view: DataView, at: number, littleEndian: boolean) => number

const safe = (value: bigint): number => {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is beyond 2^53`)
  return number
}

const half: ReadElement = (view, at, little) => {
  const bits = view.getUint16(at, little)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** How elements are read, and the element type of Cotangent that holds them. */
const elements: Readonly<Record<string, readonly [DType, ReadElement]>> = {
  f2: ["f32", half],
  f4: ["f32", (view, at, little) => view.getFloat32(at, little)],
  f8: ["f64", (view, at, little) => view.getFloat64(at, little)],
  i1: ["i32", (view, at) => view.getInt8(at)],
  i2: ["i32", (view, at, little) => view.getInt16(at, little)],
  i4: ["i32", (view, at, little) => view.getInt32(at, little)],
  i8: ["i32", (view, at, little) => safe(view.getBigInt64(at, little))],
  u1: ["u32", (view, at) => view.getUint8(at)],
  u2: ["u32", (view, at, little) => view.getUint16(at, little)],
  u4: ["u32", (view, at, little) => view.getUint32(at, little)],
  u8: ["u32", (view, at, little) => safe(view.getBigUint64(at, little))],
  b1: ["bool", (view, at) => (view.getUint8(at) === 0 ? 0 : 1)]
}

/** How an array is wanted. */
export interface NpyOptions<D extends DType> {
  /**
   * The element type to read as. By default f32 for float16 and float32, f64 for float64, i32, u32 and bool for whole
   * numbers and truth values of any size. A number that the type cannot hold exactly is an error; only floats are rounded.
   */
  readonly dtype?: D
}

/** Elements that the file has as memory has them: the same memory, or a copy where that does not begin at an element. */
const asStored = <D extends DType>(bytes: Uint8Array, start: number, count: number, dtype: D): HostArrays[D] => {
  const { BYTES_PER_ELEMENT: each } = allocate(dtype, 0)
  const at = bytes.byteOffset + start
  const { buffer } = at % each === 0 ? bytes : new Uint8Array(bytes.subarray(start, start + count * each))
  const place = at % each === 0 ? at : 0
  const make: { readonly [K in Exclude<DType, "bool">]: () => HostArrays[K] } = {
    f32: () => new Float32Array(buffer, place, count),
    f64: () => new Float64Array(buffer, place, count),
    i32: () => new Int32Array(buffer, place, count),
    u32: () => new Uint32Array(buffer, place, count)
  }
  // Booleans are read one by one: a file may have any byte for true.
  return make[dtype as Exclude<DType, "bool">]() as HostArrays[D]
}

/** Reads the elements that begin at `start` of the bytes. */
export const readElements = <D extends DType>(
  source: string,
  header: NpyHeader,
  bytes: Uint8Array,
  start: number,
  count: number,
  dtype: D
): HostArrays[D] => {
  const read = elements[`${header.kind}${header.bytes}`]?.[1]
  if (`${header.kind}${header.bytes}` === descriptions[dtype].slice(1) && header.littleEndian && dtype !== "bool")
    return asStored(bytes, start, count, dtype)
  const out = allocate(dtype, count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = dtype !== "f32" && dtype !== "f64"
  for (let i = 0; i < count && read !== undefined; i++) {
    const value = exact(source, i, () => read(view, start + i * header.bytes, header.littleEndian))
    out[i] = value
    if (whole && out[i] !== value)
      throw malformed(source, `element ${i} is ${value}, which ${dtype} does not have; read it as f32 or f64`)
  }
  return out
}

const exact = (source: string, i: number, read: () => number): number => {
  try {
    return read()
  } catch (thrown) {
    throw malformed(source, `element ${i}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}

/** The element type that an npy file is read as by default. */
export const defaultDType = ({ kind, bytes }: NpyHeader): DType => elements[`${kind}${bytes}`]?.[0] ?? "f32"

/** Elements in Fortran order, the first index running fastest, put into C order. */
const toRowMajor = <D extends DType>(data: HostArrays[D], shape: ReadonlyArray<number>, dtype: D): HostArrays[D] => {
  const out = allocate(dtype, data.length)
  const index = shape.map(() => 0)
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  let at = 0
  for (let i = 0; i < data.length; i++) {
    out[at] = data[i] ?? 0
    for (let axis = 0; axis < shape.length; axis++) {
      const next = (index[axis] ?? 0) + 1
      at += strides[axis] ?? 0
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next
        break
      }
      at -= next * (strides[axis] ?? 0)
      index[axis] = 0
    }
  }
  return out
}

const parseUnsafe = (source: string, bytes: Uint8Array, wanted: DType | undefined): Value => {
  const header = readHeader(source, bytes)
  const dtype = wanted ?? defaultDType(header)
  const count = sizeOf(header.shape)
  const there = bytes.length - header.offset
  // Checked before anything is allocated for it.
  if (there !== count * header.bytes)
    throw malformed(
      source,
      `the shape [${header.shape.join(", ")}] needs ${count * header.bytes} bytes, the file has ${there} after its header`
    )
  const data = readElements(source, header, bytes, header.offset, count, dtype)
  const ordered = header.fortran && header.shape.length > 1 ? toRowMajor(data, header.shape, dtype) : data
  return Values.of(ordered, header.shape, dtype)
}

const attempt = <A>(body: () => A): Result.Result<A, DataError> => {
  try {
    return Result.succeed(body())
  } catch (thrown) {
    if (thrown instanceof DataError) return Result.fail(thrown)
    throw thrown
  }
}

/**
 * The array in the bytes of an npy file: C or Fortran order, either byte order, float16 to float64, whole numbers of 8
 * to 64 bits, and truth values. The array may share the memory of the bytes: do not write to them afterwards. Fails with a `DataError` for a file that is damaged or of another type.
 */
export const parse: {
  <D extends DType>(
    source: string,
    bytes: Uint8Array,
    options: { readonly dtype: D }
  ): Result.Result<Value<Shape, D>, DataError>
  (source: string, bytes: Uint8Array, options?: NpyOptions<DType>): Result.Result<Value, DataError>
} = (source: string, bytes: Uint8Array, options: NpyOptions<DType> = {}) =>
  // With `dtype` the elements are read as that type.
  attempt(() => parseUnsafe(source, bytes, options.dtype)) as Result.Result<never, DataError>

/** Reads an npy file, plain or gzip: `Npy.read("x.npy", { dtype: "f32" })`. Fails as `parse` does. */
export const read: {
  <D extends DType>(
    path: string,
    options: { readonly dtype: D }
  ): Effect.Effect<Value<Shape, D>, DataError, FileSystem.FileSystem>
  (path: string, options?: NpyOptions<DType>): Effect.Effect<Value, DataError, FileSystem.FileSystem>
} = (path: string, options: NpyOptions<DType> = {}) =>
  // As in `parse`.
  Effect.flatMap(readBytes(path), (bytes) => Effect.fromResult(parse(path, bytes, options))) as Effect.Effect<
    never,
    DataError,
    FileSystem.FileSystem
  >

const descriptions: Readonly<Record<DType, string>> = { f32: "<f4", f64: "<f8", i32: "<i4", u32: "<u4", bool: "|b1" }

/**
 * The bytes of an npy file of a value, which `numpy.load` reads.
 *
 * ```ts
 * import { Result } from "effect"
 * const bytes = Npy.encode(Values.fromNested([[1, 2, 3], [4, 5, 6]]))
 * const back = Result.getOrThrow(Npy.parse("x.npy", bytes))
 * console.log(back.shape, Values.toNested(back)) // => [ 2, 3 ] [ [ 1, 2, 3 ], [ 4, 5, 6 ] ]
 * ```
 */
export const encode = ({ data, dtype, shape }: Value): Uint8Array => {
  const header = writeHeader(descriptions[dtype], shape)
  const bytes = new Uint8Array(header.length + data.byteLength)
  bytes.set(header)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length)
  return bytes
}

/** Writes an npy file. Fails with a `DataError` when the file system does. */
export const write = (path: string, value: Value): Effect.Effect<void, DataError, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((fs) =>
    Effect.mapError(fs.writeFile(path, encode(value)), (error) => fromPlatform(path, error))
  )

/** Arrays by name. */
export type Arrays = Readonly<Record<string, Value>>

/** The most that the arrays of an npz file may have in all, unless said otherwise: 2 GiB. */
const largest = 2 ** 31

/**
 * The arrays in the bytes of an npz file. Fails with a `DataError` as `parse` does, and when the arrays have more than
 * `limit` bytes in all, before any of them is decompressed.
 */
export const parseZip = (source: string, bytes: Uint8Array, limit = largest): Result.Result<Arrays, DataError> =>
  attempt(() => {
    const arrays = Zip.entries(source, bytes).filter(({ name }) => name.endsWith(".npy"))
    const total = arrays.reduce((sum, { size }) => sum + size, 0)
    if (total > limit)
      throw malformed(source, `the arrays have ${total} bytes in all, more than the ${limit} that are allowed`)
    return Object.fromEntries(
      arrays.map(({ name, read: readEntry }) => [
        name.slice(0, -".npy".length),
        parseUnsafe(`${source}/${name}`, readEntry(), undefined)
      ])
    )
  })

/** Reads all arrays of an npz file (`numpy.savez`, `numpy.savez_compressed`). Fails as `parse` does. */
export const readZip = (path: string): Effect.Effect<Arrays, DataError, FileSystem.FileSystem> =>
  Effect.flatMap(readBytes(path), (bytes) => Effect.fromResult(parseZip(path, bytes)))

/** The bytes of an npz file of values, which `numpy.load` reads. Equal values give equal bytes. */
export const encodeZip = (arrays: Arrays, options: { readonly compress?: boolean } = {}): Uint8Array =>
  Zip.write(
    "npz",
    Object.entries(arrays).map(([name, value]) => ({ name: `${name}.npy`, bytes: encode(value) })),
    options.compress ?? false
  )

/** Writes an npz file. Fails with a `DataError` when the file system does. */
export const writeZip = (
  path: string,
  arrays: Arrays,
  options?: { readonly compress?: boolean }
): Effect.Effect<void, DataError, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((fs) =>
    Effect.mapError(fs.writeFile(path, encodeZip(arrays, options)), (error) => fromPlatform(path, error))
  )
