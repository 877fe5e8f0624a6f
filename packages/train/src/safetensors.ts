/**
 * Tensors in the safetensors format: an 8-byte little-endian header length, a JSON header of names, types, shapes and byte
 * ranges, then the data. https://github.com/huggingface/safetensors, "Format".
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type DType, sizeOf, Tree, type Value, type ValuesOf } from "@cotangent/graph"
import { duplicateKey } from "./duplicate-key.ts"
import { type StoredType, storedTypes } from "./stored-types.ts"

/** The bytes are not a safetensors file, or hold something this package does not read. */
export class SafetensorsError extends Data.TaggedError("SafetensorsError")<{ readonly message: string }> {}

const codes = { f32: "F32", f64: "F64", i32: "I32", u32: "U32", bool: "BOOL" } as const satisfies Record<DType, string>

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
export const encode = (tree: unknown, metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> =>
  encodeEntries(Tree.entries<Value>(tree), metadata)

/** Values with their names as bytes, in the order given. */
export const encodeEntries = (
  named: ReadonlyArray<Tree.Leaf<Value>>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array<ArrayBuffer> => {
  let end = 0
  const entries = named.map(({ path, leaf }) => {
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

/** What a file holds. */
export interface Contents {
  readonly tensors: Readonly<Record<string, Value>>
  readonly metadata: Readonly<Record<string, string>>
}

/** A tensor of a header that fits the data. */
interface Range {
  readonly name: string
  readonly type: StoredType
  readonly shape: ReadonlyArray<number>
  readonly start: number
  readonly end: number
}

const fail = (sentence: string) => new SafetensorsError({ message: `safetensors: ${sentence}` })

const readHeader = (bytes: Uint8Array) =>
  Effect.gen(function* () {
    if (bytes.length < 8)
      return yield* fail(`the file has ${bytes.length} bytes, fewer than the 8 of its header length`)
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    if (length > headerLimit || 8 + length > bytes.length)
      return yield* fail(`the header claims ${length} bytes, the file has ${bytes.length - 8} after its length`)
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length))
    const twice = duplicateKey(text)
    if (twice !== undefined) return yield* fail(`the header names ${twice} twice`)
    const header = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Header))(text).pipe(
      Effect.mapError((error) => fail(`the header does not read: ${error.message.replaceAll(/\s*\n\s*/g, " ")}`))
    )
    return { header, data: bytes.subarray(8 + length) }
  })

const rangeOf = (name: string, entry: unknown, available: number): Effect.Effect<Range, SafetensorsError> => {
  if (!Schema.is(Entry)(entry)) return fail(`${name} has no dtype, shape and data_offsets`)
  const { shape } = entry
  const type = storedTypes.get(entry.dtype)
  if (type === undefined)
    return fail(`${name} has the type ${entry.dtype}; ${[...storedTypes.keys()].join(", ")} are read`)
  const [start, end] = entry.data_offsets
  const needed = sizeOf(shape) * type.bytes
  return shape.some((d) => d < 0) || start < 0 || end > available || end - start !== needed
    ? fail(
        `${name} of shape [${shape.join(", ")}] needs ${needed} bytes, its range ${start}..${end} of ${available} does not hold them`
      )
    : Effect.succeed({ name, type, shape, start, end })
}

/** Every byte of the data belongs to exactly one tensor: the first place where that is not so. */
const gapIn = (ranges: ReadonlyArray<Range>, available: number): string | undefined => {
  const sorted = ranges.toSorted((a, b) => a.start - b.start || a.end - b.end)
  let end = 0
  let last = "the header"
  for (const range of sorted) {
    if (range.start < end) return `${last} and ${range.name} overlap`
    if (range.start > end) return `bytes ${end} to ${range.start} of the data belong to no tensor`
    end = range.end
    last = range.name
  }
  return end < available ? `bytes ${end} to ${available} of the data belong to no tensor` : undefined
}

const readTensor = (
  { name, type, shape, start, end }: Range,
  data: Uint8Array
): Effect.Effect<readonly [string, Value], SafetensorsError> => {
  const array = type.read(data.subarray(start, end), sizeOf(shape))
  return typeof array === "string"
    ? fail(`${name} ${array}`)
    : Effect.succeed([name, { shape, dtype: type.dtype, data: array }])
}

/**
 * The tensors of a file by name, and its metadata. Everything the header says is checked against the bytes before anything
 * is allocated: a file cannot make its reader allocate more than four times its own size.
 *
 * Types that this package does not compute with become those that hold them: F16 and BF16 become f32, and whole numbers
 * (I64, I16, U16, I8, U8) i32. Fails where a number of 64 bits does not fit into 32.
 */
export const decode = (bytes: Uint8Array): Effect.Effect<Contents, SafetensorsError> =>
  Effect.gen(function* () {
    const { header, data } = yield* readHeader(bytes)
    const { __metadata__: metadata = {}, ...entries } = header
    const ranges = yield* Effect.forEach(Object.entries(entries), ([name, entry]) => rangeOf(name, entry, data.length))
    const gap = gapIn(ranges, data.length)
    if (gap !== undefined) return yield* fail(gap)
    const tensors = yield* Effect.forEach(ranges, (range) => readTensor(range, data))
    return {
      tensors: Object.fromEntries(tensors),
      metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)]))
    }
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
      if (value === undefined) return yield* fail(`there is no ${path}; ${wanted} is needed`)
      const found = `${value.dtype}[${value.shape.join(", ")}]`
      if (found !== wanted) return yield* fail(`${path} is ${found}; ${wanted} is needed`)
      values.push(value)
    }
    // The values have the structure, shapes and types of `like`: they were compared one by one.
    return Tree.rebuildWith(like, values) as ValuesOf<T>
  })
