/**
 * Tensors in the safetensors format: an 8-byte little-endian header length, a JSON header of names, types, shapes and byte
 * ranges, then the data. https://github.com/huggingface/safetensors, "Format".
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { allocate, type DType, sizeOf, Tree, type Value, type ValuesOf } from "@cotangent/graph"

/** The bytes are not a safetensors file, or hold something this package does not read. */
export class SafetensorsError extends Data.TaggedError("SafetensorsError")<{ readonly message: string }> {}

const codes = { f32: "F32", f64: "F64", i32: "I32", u32: "U32", bool: "BOOL" } as const satisfies Record<DType, string>
const dtypes: Readonly<Record<string, DType>> = { F32: "f32", F64: "f64", I32: "i32", U32: "u32", BOOL: "bool" }

/** Headers beyond this are refused before they are read. */
const headerLimit = 100_000_000

const Entry = Schema.Struct({
  dtype: Schema.String,
  shape: Schema.Array(Schema.Int),
  data_offsets: Schema.Tuple([Schema.Int, Schema.Int])
})
const Header = Schema.Record(Schema.String, Schema.Union([Entry, Schema.Record(Schema.String, Schema.String)]))

/**
 * A tree of values as bytes: every leaf under its path, `hidden.kernel`, in the order of the tree. Equal trees give equal
 * bytes.
 */
export const encode = (tree: unknown, metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> => {
  let end = 0
  const entries = Tree.entries<Value>(tree).map(({ path, leaf }) => {
    const start = end
    end += leaf.data.byteLength
    return { path, leaf, start, end }
  })
  const header = Object.fromEntries<unknown>([
    ...(Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : []),
    ...entries.map(
      ({ path, leaf, start, end: stop }) =>
        [path, { dtype: codes[leaf.dtype], shape: leaf.shape, data_offsets: [start, stop] }] as const
    )
  ])
  const text = new TextEncoder().encode(JSON.stringify(header))
  // The data starts at a multiple of 8, the header padded with spaces.
  const length = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + length + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.fill(0x20, 8, 8 + length)
  bytes.set(text, 8)
  for (const { leaf, start } of entries)
    bytes.set(new Uint8Array(leaf.data.buffer, leaf.data.byteOffset, leaf.data.byteLength), 8 + length + start)
  return bytes
}

/** The tensors of a file by name, and its metadata. Sizes are checked against the bytes before anything is allocated. */
export const decode = (
  bytes: Uint8Array
): Effect.Effect<
  { readonly tensors: Readonly<Record<string, Value>>; readonly metadata: Readonly<Record<string, string>> },
  SafetensorsError
> =>
  Effect.gen(function* () {
    const fail = (message: string) => new SafetensorsError({ message: `safetensors: ${message}` })
    if (bytes.length < 8)
      return yield* fail(`the file has ${bytes.length} bytes, fewer than the 8 of its header length`)
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    if (length > headerLimit || 8 + length > bytes.length)
      return yield* fail(`the header claims ${length} bytes, the file has ${bytes.length - 8} after its length`)
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length))
    const header = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Header))(text).pipe(
      Effect.mapError((error) => fail(`the header does not read: ${error.message}`))
    )
    const data = bytes.subarray(8 + length)
    const tensors: Array<readonly [string, Value]> = []
    let metadata: Readonly<Record<string, string>> = {}
    const ranges: Array<readonly [start: number, end: number, name: string]> = []
    for (const [name, entry] of Object.entries(header)) {
      if (name === "__metadata__" || !Schema.is(Entry)(entry)) {
        if (name === "__metadata__")
          metadata = Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, String(value)]))
        else return yield* fail(`${name} has no dtype, shape and data_offsets`)
        continue
      }
      const dtype = dtypes[entry.dtype]
      if (dtype === undefined)
        return yield* fail(`${name} has the type ${entry.dtype}; ${Object.keys(dtypes).join(", ")} are read`)
      const [start, end] = entry.data_offsets
      const size = sizeOf(entry.shape)
      const width = allocate(dtype, 1).byteLength
      if (entry.shape.some((d) => d < 0) || start < 0 || end > data.length || end - start !== size * width) {
        return yield* fail(
          `${name} of shape [${entry.shape.join(", ")}] needs ${size * width} bytes, its range ${start}..${end} of ${data.length} does not hold them`
        )
      }
      ranges.push([start, end, name])
      const array = allocate(dtype, size)
      new Uint8Array(array.buffer).set(data.subarray(start, end))
      tensors.push([name, { shape: entry.shape, dtype, data: array }])
    }
    ranges.sort((a, b) => a[0] - b[0])
    for (let i = 1; i < ranges.length; i++) {
      const [before, after] = [ranges[i - 1], ranges[i]]
      if (before !== undefined && after !== undefined && after[0] < before[1])
        return yield* fail(`${before[2]} and ${after[2]} overlap`)
    }
    return { tensors: Object.fromEntries(tensors), metadata }
  })

/**
 * The values of a file in the structure of `like`, a tree of tensors or values such as `model.init(key).params`. Fails with
 * a sentence that names the first tensor that is missing or has another shape or type; further tensors are ignored.
 */
export const load = <T>(bytes: Uint8Array, like: T): Effect.Effect<ValuesOf<T>, SafetensorsError> =>
  Effect.gen(function* () {
    const { tensors } = yield* decode(bytes)
    const values: Array<Value> = []
    for (const { path, leaf } of Tree.entries<Value>(like)) {
      const value = tensors[path]
      const wanted = `${leaf.dtype}[${leaf.shape.join(", ")}]`
      if (value === undefined)
        return yield* new SafetensorsError({ message: `safetensors: there is no ${path}; ${wanted} is needed` })
      const found = `${value.dtype}[${value.shape.join(", ")}]`
      if (found !== wanted)
        return yield* new SafetensorsError({ message: `safetensors: ${path} is ${found}; ${wanted} is needed` })
      values.push(value)
    }
    // The values have the structure, shapes and types of `like`: they were compared one by one.
    return Tree.rebuildWith(like, values) as ValuesOf<T>
  })
