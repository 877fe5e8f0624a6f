import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Values } from "@cotangent/graph"
import * as Safetensors from "./safetensors.ts"

const tree = {
  hidden: {
    kernel: Values.of(Float32Array.of(1, -0, Number.NaN, 4, 5, 6), [2, 3], "f32"),
    bias: Values.of(Float32Array.of(7), [1], "f32")
  },
  step: Values.of(Int32Array.of(-3), [], "i32"),
  rate: Values.of(Float64Array.of(0.1), [], "f64"),
  empty: Values.of(new Float32Array(0), [0, 4], "f32")
}
const read = (bytes: Uint8Array) => Effect.runPromise(Safetensors.decode(bytes))
const sentence = async (bytes: Uint8Array): Promise<string> =>
  (await Effect.runPromise(Effect.flip(Safetensors.decode(bytes)))).message

/** A file of the given header and data. */
const file = (header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}
const entry = (from: number, to: number, shape: ReadonlyArray<number> = [1], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [from, to]
})

describe("safetensors", () => {
  it("keeps every bit, names, shapes, types and metadata", async () => {
    const { tensors, metadata } = await read(Safetensors.encode(tree, { model: "test" }))
    assert.deepStrictEqual(Object.keys(tensors), ["hidden.kernel", "hidden.bias", "step", "rate", "empty"])
    assert.deepStrictEqual(tensors["hidden.kernel"], { ...tree.hidden.kernel })
    assert.isTrue(Object.is(tensors["hidden.kernel"]?.data[1], -0))
    assert.deepStrictEqual(tensors["step"]?.data, tree.step.data)
    assert.deepStrictEqual(tensors["rate"]?.data, tree.rate.data)
    assert.deepStrictEqual(tensors["empty"]?.shape, [0, 4])
    assert.deepStrictEqual(metadata, { model: "test" })
  })

  it("loads into the structure of a tree, or says what differs", async () => {
    const bytes = Safetensors.encode(tree)
    const loaded = await Effect.runPromise(Safetensors.load(bytes, tree))
    assert.deepStrictEqual(loaded.hidden.bias.data, tree.hidden.bias.data)
    const fails = async (like: unknown) => (await Effect.runPromise(Effect.flip(Safetensors.load(bytes, like)))).message
    assert.include(await fails({ hidden: { scale: tree.rate } }), "there is no hidden.scale; f64[] is needed")
    assert.include(await fails({ step: tree.rate }), "step is i32[]; f64[] is needed")
  })

  it("reads types of other programs, and refuses what would lose digits", async () => {
    const words = Uint8Array.of(0x00, 0x3c, 0x01, 0x80, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
    const header = {
      half: entry(0, 4, [2], "F16"),
      short: entry(4, 6, [1], "I16"),
      long: entry(6, 14, [1], "I64")
    }
    const { tensors } = await read(file(header, words))
    assert.deepStrictEqual(tensors["half"]?.data, Float32Array.of(1, -(2 ** -24)))
    assert.deepStrictEqual(tensors["short"]?.data, Int32Array.of(-1))
    assert.deepStrictEqual(tensors["long"]?.data, Int32Array.of(-2))
    const large = new Uint8Array(8).fill(1)
    assert.include(
      await sentence(file({ n: entry(0, 8, [1], "I64") }, large)),
      "n holds 72340172838076673, which 32 bits"
    )
    assert.include(
      await sentence(file({ n: entry(0, 1, [1], "F8_E4M3") }, large.subarray(7))),
      "n has the type F8_E4M3"
    )
  })

  it("gives equal bytes for equal trees", () =>
    assert.deepStrictEqual(Safetensors.encode(tree), Safetensors.encode(structuredClone(tree))))

  it("reads a file that starts anywhere in its buffer", async () => {
    const bytes = Safetensors.encode(tree)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    assert.deepStrictEqual((await read(shifted.subarray(3))).tensors["rate"]?.data, tree.rate.data)
  })

  it("refuses hostile and truncated files with a sentence", async () => {
    const four = new Uint8Array(4)
    const huge = new Uint8Array(16)
    new DataView(huge.buffer).setBigUint64(0, 2n ** 60n, true)
    assert.match(await sentence(new Uint8Array(3)), /has 3 bytes, fewer than the 8/)
    assert.match(await sentence(huge), /claims \d+ bytes/)
    assert.match(await sentence(file("not json")), /the header does not read/)
    assert.match(await sentence(file({ w: entry(0, 8) }, four)), /needs 4 bytes, its range 0\.\.8 of 4/)
    assert.match(await sentence(file({ w: entry(0, 4, [1e9, 1e9]) }, four)), /needs .* bytes/)
    assert.match(await sentence(file({ w: entry(-4, 0) }, four)), /needs 4 bytes/)
    assert.match(await sentence(file({ w: entry(0, 4, [-1]) }, four)), /needs/)
    assert.match(await sentence(file({ w: entry(0, 4, [1], "F13") }, four)), /has the type F13/)
    assert.match(await sentence(file({ a: entry(0, 4), b: entry(2, 6) }, new Uint8Array(8))), /a and b overlap/)
    assert.match(await sentence(Safetensors.encode(tree).subarray(0, -1)), /needs 8 bytes/)
  })

  it("refuses a name that stands twice, also in two spellings", async () => {
    const one = '{"dtype": "F32", "shape": [], "data_offsets": [0, 4]}'
    const four = new Uint8Array(4)
    assert.match(await sentence(file(`{"a": ${one}, "a"  : ${one}}`, four)), /the header names a twice/)
    assert.match(await sentence(file(`{"a": ${one}, "\\u0061": ${one}}`, four)), /the header names a twice/)
    const twice = '{"dtype": "F32", "dtype": "F64", "shape": [], "data_offsets": [0, 4]}'
    assert.match(await sentence(file(`{"a": ${twice}}`, four)), /the header names dtype twice/)
    const nested = { a: entry(0, 4), 'b\\"c': entry(4, 8), __metadata__: { a: "b", note: '{"a": 1, "a": 2}' } }
    assert.deepStrictEqual(Object.keys((await read(file(nested, new Uint8Array(8)))).tensors), ["a", 'b\\"c'])
  })

  it("allocates no more than the file is long: ranges are compared before any is read", async () => {
    const size = 2 ** 20
    const header = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`w${i}`, entry(0, size, [size / 4])]))
    const bytes = file(header, new Uint8Array(size))
    const before = process.memoryUsage().arrayBuffers
    assert.match(await sentence(bytes), /w0 and w1 overlap/)
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 20 * size)
  })

  it("refuses data that no tensor claims", async () => {
    assert.match(
      await sentence(file({ a: entry(0, 4), b: entry(8, 12) }, new Uint8Array(12))),
      /bytes 4 to 8 of the data/
    )
    assert.match(await sentence(file({ a: entry(0, 4) }, new Uint8Array(6))), /bytes 4 to 6 of the data belong to no/)
    assert.match(await sentence(file({ a: entry(4, 8) }, new Uint8Array(8))), /bytes 0 to 4 of the data belong to no/)
  })

  it("reads booleans as 0 and 1, names of any kind, and a file of nothing", async () => {
    const flags = file({ flags: entry(0, 3, [3], "BOOL") }, Uint8Array.of(0, 1, 7))
    assert.deepStrictEqual((await read(flags)).tensors["flags"]?.data, Uint8Array.of(0, 1, 1))
    const odd = file('{"__proto__": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}', new Uint8Array(4))
    const result = await Effect.runPromise(Effect.result(Safetensors.decode(odd)))
    if (Result.isSuccess(result)) assert.isTrue(Object.hasOwn(result.success.tensors, "__proto__"))
    else assert.match(result.failure.message, /^safetensors: /)
    assert.deepStrictEqual(await read(file({})), { tensors: {}, metadata: {} })
    assert.deepStrictEqual((await read(Safetensors.encode({}, { a: "b" }))).metadata, { a: "b" })
  })

  it("refuses every file cut short", async () => {
    const bytes = Safetensors.encode(tree)
    for (let length = 0; length < bytes.length; length++) await sentence(bytes.subarray(0, length))
  })
})
